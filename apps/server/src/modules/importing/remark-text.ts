import type { Field } from './roles.ts';

/** The fields of a mapping, in the words that the console has for them. */
const FIELDS: Readonly<Record<Field, string>> = {
  id: '编号',
  reportedAt: '上报时间',
  filedAt: '立案时间',
  dispatchedAt: '派遣时间',
  respondedAt: '反馈时间',
  dueAt: '处置截止时间',
  closedAt: '结案时间',
  status: '状态',
  onTime: '是否按时',
  source: '来源',
  group: '大类',
  type: '小类',
  agency: '处置部门',
  title: '标题',
  description: '描述',
  address: '地址',
  longitude: '经度',
  latitude: '纬度',
  point: '坐标',
  reporterName: '上报人姓名',
  reporterPhone: '上报人电话',
  result: '处置结果',
};
const SYSTEMS: Readonly<Record<string, string>> = { wgs84: 'WGS 84', gcj02: 'GCJ-02', bd09: 'BD-09' };
const STATES: Readonly<Record<string, string>> = { closed: '已结', open: '未结' };
const word = (words: Readonly<Record<string, string>>, code = ''): string => words[code] ?? code;

type Groups = readonly (string | undefined)[];
const template = (text: string, groups: Groups): string =>
  text.replace(/\$(\d)/g, (_, n: string) => groups[Number(n)] ?? '');
/** What is said of a field, which stands first. */
const ofField =
  (text: string) =>
  (groups: Groups): string =>
    `${word(FIELDS, groups[1])}：${template(text, groups)}`;

/** What is to be looked at in a proposal, in both languages. */
const CHINESE: readonly (readonly [RegExp, string | ((groups: Groups) => string)])[] = [
  [/^the first row names no columns/, '第一行不是表头：各列以“column 1、column 2…”表示，按内容识别'],
  [/^there are headings and no rows/, '只有表头，没有数据行'],
  [/^other sheets with other headings are not read: (.*)$/, '表头不同的工作表不读取：$1'],
  [/^(\w+): "(.*)" or "(.*)"\? the first was taken$/, ofField('“$2”还是“$3”？已取前者')],
  [/^(\w+): "(.*)" only sounds like it$/, ofField('“$2”只是名称相近')],
  [/^(\w+): "(.*)", by what its cells hold$/, ofField('“$2”，按内容识别')],
  [/^id: "(.*)" is another in every row.*$/, '编号：“$1”每行不同，此外没有依据'],
  [/^reportedAt: "(.*)" is the fullest column of dates.*$/, '上报时间：“$1”是最完整的日期列，此外没有依据'],
  [/^no column holds a number of its own.*$/, '没有一列是编号：所有列都相同的行视为同一件'],
  [/^no column of dates was found.*$/, '没有找到日期列：请指定上报时间'],
  [/^(\w+): the day stands in "(.*)", its time in "(.*)"$/, ofField('日期在“$2”列，时刻在“$3”列')],
  [/^"(.*)" stands (\d+) times in "(.*)": taken as no date$/, '“$1”在“$3”列出现 $2 次：视为没有日期'],
  [
    /^"(.*)": day and month cannot be told apart in any cell; read as ([^,]*)(, as the other columns are)?$/,
    '“$1”：日与月无法区分，按 $2 读取',
  ],
  [
    /^"(.*)": in (\d+) cells only the day can come first, in (\d+) only the month; the other (\d+) are read as (.*) and marked date\.ambiguous$/,
    '“$1”：$2 格只能是日在前，$3 格只能是月在前；其余 $4 格按 $5 读取并标记',
  ],
  [/^"(.*)" names days without a time.*$/, '“$1”只有日期：承诺某日完成，按该日零时计'],
  [/^"(.*)" has dates in (\d+) formats: (.*)$/, '“$1”有 $2 种日期格式：$3'],
  [/^onTime: nobody knows what "(.*)" means$/, '是否按时：“$1”含义不明'],
  [/^source: "(.*)" is no known channel; taken as otherPlatform$/, '来源：“$1”不是已知渠道，按“其他平台”计'],
  [
    /^status: "(.*)" is not known; (\d+) % of its rows have a closing date, so it is taken as (closed|open)$/,
    ([, said, share, state]) =>
      `状态：“${said}”含义不明，其中 ${share}% 有结案时间，按${word(STATES, state)}计`,
  ],
  [/^status: (\d+) rows are "(.*)" without a closing date.*$/, '状态：$1 行为“$2”但没有结案时间，将被拒收'],
  [/^status: (\d+) rows are "(.*)" with a closing date.*$/, '状态：$1 行为“$2”但有结案时间，按未结计'],
  [
    /^"(.*)" stands (?:once|(\d+) times) in "(.*)" and is at home in "(.*)".*$/,
    '“$1”出现在“$3”列，却属于“$4”列：这些行错位，不计入',
  ],
  [/^"(.*)" in "(.*)" is a person's.*$/, '“$1”出现在“$2”列，却是个人信息：这些行错位，不计入'],
  [
    /^no column says when a request was closed.*$/,
    '没有结案时间列：状态为结案的，按上报或最后一步的时间结案',
  ],
  [/^"(.*)" looks like personal data.*$/, '“$1”像是个人信息：将单独存放并遮盖；不需要时请不要导入该列'],
  [/^time zone: (.*) is a guess$/, '时区：推测为 $1'],
  [/^no coordinates were found.*$/, '没有找到坐标：案卷将没有位置'],
  [/^(.*): no degrees but metres of a map; .*$/, '$1：是平面坐标而不是经纬度，案卷将没有位置'],
  [
    /^(.*): no degrees but metres or feet of a map\..*$/,
    '$1：是平面坐标而不是经纬度，坐标系不明，请指定；否则案卷没有位置',
  ],
  [
    /^(.*): plane coordinates, taken as (EPSG:\d+) \((.*)\)(, the northing first)?$/,
    '$1：平面坐标，按 $2（$3）读取',
  ],
  [/^of the older Beijing 54.*$/, '若为北京 54 或西安 80 坐标，位置会相差约 100 米'],
  [/^(EPSG:\d+) \((.*)\) would lie near by as well$/, '$1（$2）也可能'],
  [/^latitude and longitude stand in each other.*$/, '经度与纬度两列互换：已对调读取'],
  [/^(\d+) rows lie on one point \((.*)\): taken as "not known"$/, '$1 行落在同一点（$2）：视为位置不明'],
  [/^(\d+) points lie far from all others.*$/, '$1 个点远离其他各点：这些行不取位置'],
  [
    /^coordinates are taken as (\w+) by the name of their column$/,
    ([, crs]) => `坐标按列名取为 ${word(SYSTEMS, crs)}`,
  ],
  [
    /^coordinates in China may be GCJ-02 or BD-09.*$/,
    '国内坐标可能是 GCJ-02 或 BD-09：现按 WGS 84 读取，请核对',
  ],
  [
    /^(\d+) of (\d+) sampled rows have another number of cells.*$/,
    '$2 行中有 $1 行的单元格数不符或引号没有闭合，将被拒收',
  ],
];

export function remarkText(line: string): { 'zh-CN': string; en: string } {
  for (const [pattern, words] of CHINESE) {
    const groups = pattern.exec(line);
    if (groups)
      return { 'zh-CN': typeof words === 'string' ? template(words, groups) : words(groups), en: line };
  }
  return { 'zh-CN': line, en: line };
}

/** For the city that a file would be set up as; over the console it is that of the person. */
export const isOfCity = (line: string): boolean => /^the city \S+ would be set up/.test(line);
