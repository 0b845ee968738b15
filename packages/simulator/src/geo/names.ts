import type { Random } from './random.ts';

/** A name in data, in the languages of the product. */
export interface Text {
  'zh-CN': string;
  en: string;
}

export const text = (zh: string, en: string): Text => ({ 'zh-CN': zh, en });

/** The demo city's own name: no real place is called so. */
export const CITY_NAME = text('万川市', 'Wanchuan City');
export const RIVER_NAME = text('望川河', 'Wangchuan River');

type Stem = [zh: string, pinyin: string];

const stems = (list: string): Stem[] =>
  list
    .trim()
    .split(/\s+/)
    .map((word) => word.split('/') as Stem);

// Names that nearly every Chinese city has, first; then two-character combinations without end.
const ROAD_CLASSICS = stems(`
  人民/Renmin 解放/Jiefang 建设/Jianshe 和平/Heping 新华/Xinhua 胜利/Shengli 友谊/Youyi 光明/Guangming
  团结/Tuanjie 文化/Wenhua 振兴/Zhenxing 中山/Zhongshan 朝阳/Chaoyang 迎宾/Yingbin 滨河/Binhe 学府/Xuefu
  健康/Jiankang 幸福/Xingfu 前进/Qianjin 劳动/Laodong 青年/Qingnian 长安/Chang'an 工业/Gongye 体育/Tiyu`);
const REGION_CLASSICS = stems(`
  文昌/Wenchang 望澜/Wanglan 锦澜/Jinlan 鹿鸣/Luming 青栖/Qingqi 松照/Songzhao 鹭洲/Luzhou 梧桥/Wuqiao
  桂园/Guiyuan 柳岸/Liu'an 荷塘/Hetang 枫林/Fenglin 兰亭/Lanting 竹溪/Zhuxi 梅岭/Meiling 泉湾/Quanwan`);
const HEADS = stems(`
  文/Wen 锦/Jin 青/Qing 云/Yun 松/Song 鹤/He 望/Wang 清/Qing 明/Ming 长/Chang 永/Yong 安/An 朝/Chao 春/Chun
  秋/Qiu 金/Jin 玉/Yu 碧/Bi 紫/Zi 丹/Dan 竹/Zhu 梅/Mei 兰/Lan 桂/Gui 柳/Liu 荷/He 枫/Feng 梧/Wu 月/Yue 星/Xing
  嘉/Jia 瑞/Rui 福/Fu 康/Kang`);
const TAILS = stems(`
  昌/chang 华/hua 阳/yang 溪/xi 江/jiang 湖/hu 山/shan 林/lin 园/yuan 桥/qiao 泉/quan 湾/wan 塘/tang 台/tai
  庭/ting 岭/ling 洲/zhou 苑/yuan 庄/zhuang 坊/fang 亭/ting 峰/feng 泽/ze 宁/ning 乐/le 兴/xing 盛/sheng 辉/hui`);

const SIDES = stems('东/Dong 西/Xi 南/Nan 北/Bei 中/Zhong');

function pool(random: Random, classics: Stem[]): () => Stem {
  const seen = new Set(classics.map(([, pinyin]) => pinyin));
  // Pinyin writes an apostrophe where the second syllable begins with a vowel; no tail here does. Two names
  // that differ in Chinese only (青山, 清山) would be one in English.
  const combined = HEADS.flatMap(([h, hp]) => TAILS.map(([t, tp]): Stem => [h + t, hp + tp])).filter(
    ([, pinyin]) => !seen.has(pinyin) && seen.add(pinyin),
  );
  const rest = [...random.shuffle(classics), ...random.shuffle(combined)];
  // A city of a thousand communities says where: 东文昌, 西文昌.
  for (const [side, sidePinyin] of SIDES) {
    rest.push(...combined.map(([zh, pinyin]): Stem => [side + zh, `${sidePinyin} ${pinyin}`]));
  }
  let next = 0;
  return () => {
    const stem = rest[next++];
    if (!stem) throw new RangeError('more places than names');
    return stem;
  };
}

export interface Names {
  district(): Text;
  street(): Text;
  community(): Text;
  road(rank: 1 | 2 | 3, direction: 'h' | 'v'): Text;
}

/** No two regions share a stem, no two roads do; a road may be called like a region, as in life. */
export function createNames(random: Random): Names {
  const region = pool(random, REGION_CLASSICS);
  const road = pool(random, ROAD_CLASSICS);
  const of = (take: () => Stem, zhEnd: string, enEnd: string): Text => {
    const [zh, pinyin] = take();
    return text(zh + zhEnd, `${pinyin} ${enEnd}`);
  };
  return {
    district: () => of(region, '区', 'District'),
    street: () => of(region, '街道', 'Subdistrict'),
    community: () => of(region, '社区', 'Community'),
    road: (rank, direction) => {
      if (rank === 1) return of(road, '大道', 'Avenue');
      // East-west streets are 街, north-south roads 路 in many northern cities.
      if (direction === 'h') return of(road, '街', 'Street');
      return of(road, '路', 'Road');
    },
  };
}

const NUMERALS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/** 1..99 in Chinese numerals, as on lane plates. */
export function chineseNumber(n: number): string {
  const tens = Math.floor(n / 10);
  const ones = NUMERALS[n % 10] ?? '';
  if (tens === 0) return ones;
  return `${tens === 1 ? '' : (NUMERALS[tens] ?? '')}十${ones}`;
}

/** 桂园社区 → 桂园一巷 */
export function laneName(community: Text, n: number): Text {
  return text(
    `${community['zh-CN'].replace('社区', '')}${chineseNumber(n)}巷`,
    `${community.en.replace(' Community', '')} Lane ${n}`,
  );
}

export function parkName(community: Text): Text {
  return text(
    `${community['zh-CN'].replace('社区', '')}公园`,
    `${community.en.replace(' Community', '')} Park`,
  );
}

const PLACES: [zh: string, en: string][] = [
  ['小学', 'Primary School'],
  ['菜市场', 'Market'],
  ['社区医院', 'Clinic'],
  ['广场', 'Square'],
  ['中学', 'Middle School'],
  ['商场', 'Shopping Centre'],
];

/** What people give as a landmark: 文昌小学, 文昌菜市场. */
export function placeName(community: Text, random: Random): Text {
  const [zh, en] = random.pick(PLACES);
  return text(
    `${community['zh-CN'].replace('社区', '')}${zh}`,
    `${community.en.replace(' Community', '')} ${en}`,
  );
}
