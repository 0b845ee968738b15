import type { Subject } from '../photo/draw.ts';

/** What happens in a city, by category of GB/T 30428.2-2013. Slots: {place} {metres} {count} {shop} {thing}. */
export interface Story {
  category: `${'asset' | 'event'}:${string}`;
  /** How often, among all. */
  weight: number;
  subject: Subject;
  /** City's hours in which it is seen; left out: all day. */
  hours?: readonly [from: number, to: number];
  texts: readonly string[];
}

export const STORIES: readonly Story[] = [
  {
    category: 'event:0110',
    weight: 15,
    subject: 'rubbish',
    texts: [
      '{place}有生活垃圾暴露，约{metres}平方米，有异味。',
      '{place}垃圾未入桶，散落在人行道上。',
      '{place}有{count}袋生活垃圾堆放在树池内，无人清理。',
    ],
  },
  {
    category: 'event:0112',
    weight: 9,
    subject: 'rubbish',
    texts: [
      '{place}路面有散落垃圾和污渍，约{metres}平方米。',
      '{place}车行道上有油污，路面湿滑。',
      '{place}人行道落叶和纸屑较多，未及时清扫。',
    ],
  },
  {
    category: 'event:0409',
    weight: 10,
    subject: 'vehicle',
    texts: [
      '{place}有{count}辆机动车停在人行道上，行人需绕行车行道。',
      '{place}机动车占用盲道停放。',
      '{place}小型客车停在绿地边缘，压坏草坪。',
    ],
  },
  {
    category: 'event:0410',
    weight: 7,
    subject: 'vehicle',
    texts: ['{place}共享单车乱停放约{count}辆，堵住人行道。', '{place}电动自行车停在停放点外，秩序混乱。'],
  },
  {
    category: 'event:0405',
    weight: 9,
    subject: 'stall',
    hours: [7, 22],
    texts: [
      '{place}{shop}店外经营，货物摆出门外约{metres}米。',
      '{place}{shop}将桌椅摆到人行道上，影响通行。',
    ],
  },
  {
    category: 'event:0401',
    weight: 8,
    subject: 'stall',
    hours: [6, 22],
    texts: ['{place}有流动摊贩占道售卖{thing}。', '{place}有{count}个流动摊点聚集，行人通行困难。'],
  },
  {
    category: 'event:0406',
    weight: 4,
    subject: 'stall',
    hours: [6, 22],
    texts: ['{place}有人摆摊售卖{thing}，占用人行道约{metres}平方米。'],
  },
  {
    category: 'event:0201',
    weight: 7,
    subject: 'poster',
    texts: [
      '{place}墙面张贴小广告约{count}处。',
      '{place}电线杆上有喷涂的小广告。',
      '{place}公交站台附近乱贴广告{count}张。',
    ],
  },
  {
    category: 'event:0113',
    weight: 5,
    subject: 'hole',
    texts: ['{place}路面破损约{metres}平方米，有坑洼。', '{place}人行道地砖松动、缺失{count}块，雨天溅水。'],
  },
  {
    category: 'event:0111',
    weight: 4,
    subject: 'rubble',
    texts: ['{place}堆有装修垃圾，约{metres}立方米，多日未清。', '{place}积存渣土，无遮盖，刮风扬尘。'],
  },
  {
    category: 'event:0136',
    weight: 4,
    subject: 'rubble',
    texts: ['{place}人行道上堆放物料，未办手续。', '{place}{shop}在门前长期堆放纸箱和杂物。'],
  },
  {
    category: 'event:0135',
    weight: 3,
    subject: 'rubbish',
    texts: ['{place}有人丢弃旧沙发{count}件，占用通道。', '{place}有废弃床垫和柜子，放了好几天。'],
  },
  {
    category: 'event:0117',
    weight: 3,
    subject: 'rubbish',
    texts: ['{place}绿地内有塑料袋等垃圾，约{count}处。', '{place}绿化带里堆有枯枝落叶。'],
  },
  {
    category: 'event:0119',
    weight: 2,
    subject: 'tree',
    texts: ['{place}行道树上缠绕灯带和绳索。', '{place}树上挂有塑料袋{count}个。'],
  },
  {
    category: 'event:0107',
    weight: 3,
    subject: 'fence',
    hours: [8, 19],
    texts: ['{place}护栏上晾晒被褥衣物。', '{place}居民在两棵行道树之间拉绳晾晒。'],
  },
  {
    category: 'event:0129',
    weight: 2,
    subject: 'smoke',
    hours: [17, 24],
    texts: ['{place}{shop}在门外烧烤，油烟较大。', '{place}有人露天烧烤，附近居民反映烟味呛人。'],
  },
  {
    category: 'event:0120',
    weight: 1,
    subject: 'smoke',
    texts: ['{place}有人焚烧树叶和垃圾，烟雾较大。'],
  },
  {
    category: 'event:0128',
    weight: 2,
    subject: 'stall',
    hours: [9, 22],
    texts: ['{place}{shop}用喇叭反复播放促销广告，声音很大。'],
  },
  {
    category: 'event:0301',
    weight: 2,
    subject: 'fence',
    hours: [20, 24],
    texts: ['{place}附近工地夜间施工，机器轰鸣，影响休息。'],
  },
  {
    category: 'event:0304',
    weight: 2,
    subject: 'smoke',
    hours: [7, 20],
    texts: ['{place}附近工地土方未覆盖，扬尘明显。'],
  },
  {
    category: 'event:0307',
    weight: 1,
    subject: 'fence',
    texts: ['{place}施工围挡倾斜约{metres}米，有倒伏危险。', '{place}施工围挡破损，可见工地内部。'],
  },
  {
    category: 'event:0207',
    weight: 2,
    subject: 'poster',
    texts: ['{place}悬挂横幅{count}条，未经审批。'],
  },
  {
    category: 'event:0506',
    weight: 1,
    subject: 'water',
    texts: ['{place}路面积水，长约{metres}米，行人无法通过。'],
  },
  {
    category: 'event:0503',
    weight: 1,
    subject: 'water',
    texts: ['{place}污水井外溢，污水流到车行道上，有臭味。'],
  },
  {
    category: 'event:0508',
    weight: 1,
    subject: 'post',
    texts: ['{place}有线缆下垂，离地不到两米。'],
  },
  {
    category: 'event:0125',
    weight: 1,
    subject: 'water',
    texts: ['{place}附近河面有漂浮物，岸边有垃圾。'],
  },
  {
    category: 'asset:0137',
    weight: 4,
    subject: 'lamp',
    hours: [18, 24],
    texts: ['{place}路灯不亮，夜间通行不便。', '{place}连续{count}盏路灯不亮。'],
  },
  {
    category: 'asset:0102',
    weight: 2,
    subject: 'cover',
    texts: ['{place}污水井盖松动，车辆经过有异响。', '{place}污水井盖破损，有安全隐患。'],
  },
  {
    category: 'asset:0103',
    weight: 2,
    subject: 'cover',
    texts: ['{place}雨水井盖移位，留有缺口。', '{place}雨水井盖松动，有响声。'],
  },
  {
    category: 'asset:0104',
    weight: 2,
    subject: 'cover',
    texts: ['{place}雨水箅子断裂{count}根。', '{place}雨水箅子被落叶堵塞。'],
  },
  {
    category: 'asset:0101',
    weight: 1,
    subject: 'cover',
    texts: ['{place}上水井盖与路面有高差，颠簸明显。'],
  },
  {
    category: 'asset:0402',
    weight: 2,
    subject: 'tree',
    texts: ['{place}行道树枝干折断，垂到人行道上。', '{place}行道树枯死{count}株。'],
  },
  {
    category: 'asset:0305',
    weight: 3,
    subject: 'bin',
    texts: ['{place}果皮箱满溢，垃圾掉落在四周。', '{place}果皮箱箱门损坏，无法关闭。'],
  },
  {
    category: 'asset:0212',
    weight: 1,
    subject: 'post',
    texts: ['{place}路名牌倾斜。', '{place}路名牌被树枝遮挡且锈蚀。'],
  },
  {
    category: 'asset:0204',
    weight: 1,
    subject: 'post',
    texts: ['{place}公交站亭玻璃破损{count}块。'],
  },
  {
    category: 'asset:0407',
    weight: 1,
    subject: 'fence',
    texts: ['{place}街头座椅木条断裂。'],
  },
  {
    category: 'asset:0127',
    weight: 1,
    subject: 'post',
    texts: ['{place}通讯交接箱箱门未关，线缆外露。'],
  },
  {
    category: 'asset:0128',
    weight: 1,
    subject: 'post',
    texts: ['{place}配电箱箱门敞开。'],
  },
];

export const SHOPS: readonly string[] = [
  '一家水果店',
  '一家五金店',
  '一家小吃店',
  '一家烟酒店',
  '一家服装店',
  '一家早餐店',
  '一家汽车维修店',
];
export const THINGS: readonly string[] = ['水果', '烤红薯', '蔬菜', '小饰品', '鲜花', '煎饼', '手机配件'];

/** Callers speak differently from collectors. */
export const CALLS: readonly string[] = [
  '市民来电反映：{text}',
  '市民反映：{text}希望尽快处理。',
  '来电人称{text}要求现场核实。',
  '居民反映多次：{text}',
];

/** Calls that are no problem, and what the caller is told. */
export const QUESTIONS: readonly {
  kind: 'consultation' | 'suggestion' | 'praise';
  text: string;
  answer: string;
}[] = [
  { kind: 'consultation', text: '咨询大件垃圾如何投放、由谁清运。', answer: '已告知投放点和预约电话。' },
  { kind: 'consultation', text: '咨询门头招牌设置需要办理哪些手续。', answer: '已告知备案材料和受理窗口。' },
  { kind: 'consultation', text: '咨询小区外道路停车泊位的收费时段。', answer: '已按公示的时段和标准答复。' },
  { kind: 'consultation', text: '咨询夜间施工是否经过批准。', answer: '已查询并告知许可时段。' },
  { kind: 'suggestion', text: '建议在公园入口增设共享单车停放点。', answer: '已记录并转规划部门研究。' },
  { kind: 'suggestion', text: '建议延长公共厕所夏季开放时间。', answer: '已记录并转环卫部门研究。' },
  { kind: 'praise', text: '对路灯维修人员当晚到场修复表示感谢。', answer: '已转达维修班组。' },
];

const SURNAMES = '赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹章苏潘葛范彭鲁马方';
const GIVEN = [
  '先生',
  '女士',
  '明',
  '芳',
  '伟',
  '丽',
  '强',
  '敏',
  '静',
  '磊',
  '洋',
  '艳',
  '勇',
  '娟',
  '涛',
  '秀英',
];

/** Callers that nobody is: the numbers begin with 100, which no mobile number does. */
export function callerOf(random: {
  pick<T>(items: readonly T[]): T;
  int(min: number, max: number): number;
}): { name: string; phone: string } {
  return {
    name: random.pick(Array.from(SURNAMES)) + random.pick(GIVEN),
    phone: `1000${String(random.int(0, 9_999_999)).padStart(7, '0')}`,
  };
}
