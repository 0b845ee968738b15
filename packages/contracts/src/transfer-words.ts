import type { Text } from './common.ts';
import { ROLE_NAMES } from './glossary.ts';
import type { CategoryKind, Crs, LimitUnit, ScopeKind, UnitKind } from './vocabulary.ts';

/** 导入导出: tables that a city fills in itself, and everything that it owns in open formats. */
export const TRANSFER_KINDS = ['units', 'people', 'posts', 'assets', 'manual'] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

const text = (zh: string, en: string): Text => ({ 'zh-CN': zh, en });

export const TRANSFER_KIND_NAMES: Record<TransferKind, Text> = {
  units: text('机构', 'Units'),
  people: text('人员', 'People'),
  posts: text('岗位', 'Posts'),
  assets: text('部件', 'Assets'),
  manual: text('监督指挥手册', 'The manual'),
};

export const UNIT_KIND_NAMES: Record<UnitKind, Text> = {
  supervisionCentre: text('监督中心', 'Supervision centre'),
  commandCentre: text('指挥中心', 'Command centre'),
  enforcementCentre: text('执法中心', 'Enforcement centre'),
  department: text('专业部门', 'Department'),
  crew: text('处置队伍', 'Crew'),
  patrolTeam: text('采集队', 'Patrol team'),
  office: text('办公室', 'Office'),
};

export const SCOPE_KIND_NAMES: Record<ScopeKind, Text> = {
  city: text('全市', 'City'),
  region: text('区域', 'Region'),
  unit: text('本机构', 'Unit'),
  own: text('本人', 'Own'),
};

export const LIMIT_UNIT_NAMES: Record<LimitUnit, Text> = {
  urgentMinute: text('紧急分钟', 'Urgent minute'),
  urgentHour: text('紧急小时', 'Urgent hour'),
  urgentDay: text('紧急日', 'Urgent day'),
  naturalDay: text('自然日', 'Natural day'),
  workingHour: text('工作小时', 'Working hour'),
  workingDay: text('工作日', 'Working day'),
};

const CATEGORY_KIND_NAMES: Record<CategoryKind, Text> = {
  asset: text('部件', 'Asset'),
  event: text('事件', 'Event'),
};

/** A column of a table that is filled in. A file may name it by its key, or by its name in either language. */
export interface TransferColumn {
  readonly key: string;
  readonly name: Text;
  readonly required?: true;
  /** Other names that files in the field have for it. */
  readonly also?: readonly string[];
  readonly note: Text;
  /** Codes that it takes, with the words that may stand for them. */
  readonly choices?: Readonly<Record<string, Text>>;
  /** Personal data: masked on screens. */
  readonly personal?: true;
}

const crsNames: Record<Crs, Text> = {
  wgs84: text('WGS84/CGCS2000', 'WGS 84'),
  gcj02: text('GCJ-02', 'GCJ-02'),
  bd09: text('BD-09', 'BD-09'),
};

export const TRANSFER_COLUMNS: Record<TransferKind, readonly TransferColumn[]> = {
  units: [
    {
      key: 'code',
      name: text('机构编码', 'Code'),
      required: true,
      also: ['编码', 'unit code'],
      note: text('唯一，不含空格；以此识别机构', 'unique, no blanks; the unit is known by it'),
    },
    {
      key: 'name_zh',
      name: text('机构名称', 'Name (Chinese)'),
      required: true,
      also: ['名称'],
      note: text('', ''),
    },
    {
      key: 'name_en',
      name: text('英文名称', 'Name (English)'),
      note: text('空：同中文名称', 'empty: as the Chinese name'),
    },
    {
      key: 'kind',
      name: text('机构类型', 'Kind'),
      required: true,
      also: ['类型'],
      note: text('', ''),
      choices: UNIT_KIND_NAMES,
    },
    {
      key: 'parent',
      name: text('上级机构编码', 'Parent'),
      also: ['上级', '上级编码'],
      note: text('已有的或本文件中的机构', 'a unit that is there, or one of this file'),
    },
    { key: 'region', name: text('所属区域编码', 'Region'), also: ['区域编码'], note: text('', '') },
    {
      key: 'duty',
      name: text('职责', 'Duty'),
      note: text('手册和立案条件所称的部门类别', 'what conditions and the manual name'),
    },
    {
      key: 'calendar',
      name: text('工作日历', 'Calendar'),
      note: text('空：随上级', 'empty: that of its parent'),
    },
  ],
  people: [
    {
      key: 'username',
      name: text('用户名', 'User name'),
      required: true,
      also: ['账号', '登录名', 'username'],
      note: text('以此识别人员', 'the person is known by it'),
    },
    { key: 'name', name: text('姓名', 'Name'), required: true, personal: true, note: text('', '') },
    {
      key: 'phone',
      name: text('电话', 'Phone'),
      also: ['手机', '手机号', '联系电话', 'mobile'],
      personal: true,
      note: text('', ''),
    },
    {
      key: 'locale',
      name: text('语言', 'Language'),
      note: text('空：zh-CN', 'empty: zh-CN'),
      choices: { 'zh-CN': text('中文', 'Chinese'), en: text('英文', 'English') },
    },
  ],
  posts: [
    {
      key: 'username',
      name: text('用户名', 'User name'),
      required: true,
      also: ['账号', '登录名'],
      note: text('', ''),
    },
    {
      key: 'unit',
      name: text('机构编码', 'Unit'),
      required: true,
      also: ['单位编码', '部门编码'],
      note: text('', ''),
    },
    {
      key: 'role',
      name: text('角色', 'Role'),
      required: true,
      note: text('', ''),
      choices: ROLE_NAMES,
    },
    {
      key: 'scope',
      name: text('数据范围', 'Scope'),
      required: true,
      note: text('', ''),
      choices: SCOPE_KIND_NAMES,
    },
    {
      key: 'region',
      name: text('范围区域编码', 'Scope region'),
      note: text('数据范围为“区域”时必填', 'with scope `region`'),
    },
    {
      key: 'beats',
      name: text('责任网格编码', 'Beats'),
      also: ['责任网格'],
      note: text('多个以分号分隔', 'several: with semicolons'),
    },
    {
      key: 'name_zh',
      name: text('岗位名称', 'Name (Chinese)'),
      note: text('空：角色名称', "empty: the role's"),
    },
    { key: 'name_en', name: text('岗位英文名称', 'Name (English)'), note: text('', '') },
  ],
  assets: [
    {
      key: 'code',
      name: text('部件标识码', 'Code'),
      required: true,
      also: ['标识码', '部件编码', 'ObjID'],
      note: text(
        '16 位：6 位县级行政区划 + 2 位大类 + 2 位小类 + 6 位流水号（GB/T 30428.2）',
        '16 digits: 6 county, 2 class, 2 subclass, 6 serial (GB/T 30428.2)',
      ),
    },
    {
      key: 'name_zh',
      name: text('部件名称', 'Name (Chinese)'),
      also: ['名称', 'ObjName'],
      note: text('空：小类名称', "empty: the category's"),
    },
    { key: 'name_en', name: text('英文名称', 'Name (English)'), note: text('', '') },
    {
      key: 'owner',
      name: text('权属单位编码', 'Owner'),
      also: ['权属单位', '主管部门编码', 'DeptCode1'],
      note: text('机构编码', 'code of a unit'),
    },
    { key: 'address', name: text('位置描述', 'Address'), also: ['地址'], note: text('', '') },
    {
      key: 'state',
      name: text('状态', 'State'),
      also: ['部件状态', 'ObjState'],
      note: text('空：normal', 'empty: normal'),
    },
    {
      key: 'lon',
      name: text('经度', 'Longitude'),
      required: true,
      also: ['x', 'lng', 'longitude'],
      note: text('度', 'degrees'),
    },
    {
      key: 'lat',
      name: text('纬度', 'Latitude'),
      required: true,
      also: ['y', 'latitude'],
      note: text('度', 'degrees'),
    },
    {
      key: 'crs',
      name: text('坐标系', 'Coordinates'),
      note: text('空：WGS84/CGCS2000', 'empty: WGS 84'),
      choices: crsNames,
    },
  ],
  manual: [
    {
      key: 'kind',
      name: text('部件/事件', 'Kind'),
      required: true,
      also: ['类型'],
      note: text('', ''),
      choices: CATEGORY_KIND_NAMES,
    },
    {
      key: 'category',
      name: text('小类编码', 'Category'),
      required: true,
      also: ['小类代码'],
      note: text('4 位', '4 digits'),
    },
    {
      key: 'condition',
      name: text('立案条件编码', 'Condition'),
      also: ['立案条件'],
      note: text('空：该小类的全部条件', 'empty: all conditions of the category'),
    },
    {
      key: 'area',
      name: text('区域编码', 'Area'),
      also: ['区域'],
      note: text('空：全市', 'empty: the whole city'),
    },
    {
      key: 'owner',
      name: text('权属单位编码', 'Owner'),
      also: ['权属单位'],
      note: text('空：不限', 'empty: any'),
    },
    {
      key: 'department',
      name: text('责任部门编码', 'Department'),
      required: true,
      also: ['责任部门', '责任单位编码'],
      note: text('', ''),
    },
    {
      key: 'limit_value',
      name: text('处置时限', 'Limit'),
      also: ['时限'],
      note: text('须填立案条件；空：不变', 'needs a condition; empty: unchanged'),
    },
    {
      key: 'limit_unit',
      name: text('时限单位', 'Unit of the limit'),
      note: text('', ''),
      choices: LIMIT_UNIT_NAMES,
    },
    { key: 'limit_a', name: text('A 类时限', 'Limit, grade A'), note: text('', '') },
    { key: 'limit_b', name: text('B 类时限', 'Limit, grade B'), note: text('', '') },
    { key: 'limit_c', name: text('C 类时限', 'Limit, grade C'), note: text('', '') },
    { key: 'scheme', name: text('标准', 'Scheme'), note: text('空：现行标准', 'empty: the one in force') },
  ],
};

/** Why a row was not taken. The codes stay; texts are for people. */
export const TRANSFER_REASONS = {
  'row.width': text('单元格数与表头不符', 'The row has another number of cells than the heading'),
  'cell.required': text('必填项为空', 'A required cell is empty'),
  'cell.code': text('编码格式不符', 'This is no code'),
  'cell.long': text('内容过长', 'The text is too long'),
  'cell.characters': text('含有不能保存的字符', 'The text holds characters that cannot be stored'),
  'cell.number': text('不是有效数值', 'This is no number'),
  'cell.choice': text('不是允许的取值', 'This value is not one of those allowed'),
  'cell.imprecise': text(
    'Excel 数值只保留 15 位，编码已失真：请将该列设为文本后重填',
    'Excel keeps 15 digits of a number, the code is lost: make the column text and enter it again',
  ),
  'file.duplicate': text('与本文件前面的行重复', 'The same key stands in an earlier row of the file'),
  'ref.unit': text('机构不存在或已撤销', 'There is no such unit'),
  'ref.region': text('区域不存在', 'There is no such region'),
  'ref.grid': text('责任网格不存在', 'There is no such patrol grid'),
  'ref.person': text('人员不存在或已停用', 'There is no such person'),
  'ref.category': text('小类不存在', 'There is no such category'),
  'ref.condition': text('立案条件不存在', 'There is no such condition'),
  'ref.calendar': text('工作日历不存在', 'There is no such calendar'),
  'ref.scheme': text('标准不存在', 'There is no such scheme'),
  'unit.loop': text('上级关系成环', 'The unit would be above itself'),
  'unit.kind': text('已有机构不能改变类型', 'The kind of a unit that is there cannot change'),
  'unit.inUse': text('机构仍有未结工作，不能变更', 'Open work keeps the unit from changing'),
  'person.username': text('用户名格式不符', 'This is no user name'),
  'person.phone': text('电话格式不符', 'This is no phone number'),
  'person.taken': text('用户名属于其他城市或已停用人员', 'The user name belongs to somebody else'),
  'post.region': text('数据范围与范围区域不一致', 'The scope region belongs to scope `region`'),
  'post.self': text('不能变更本人正在使用的岗位', 'The post through which you act cannot be changed'),
  'asset.code': text('标识码应为 16 位数字', 'The code has 16 digits'),
  'asset.county': text('标识码前 6 位不属于本市', 'The first 6 digits are no county of this city'),
  'asset.category': text('标识码第 7—10 位不是部件小类', 'Digits 7 to 10 are no category of assets'),
  'asset.position': text('坐标无效', 'The position is not on earth'),
  'asset.outside': text('位置不在本市范围内', 'The position lies outside the city'),
  'asset.geometry': text('图形无效', 'The geometry is not valid'),
  'manual.limit': text(
    '时限须对应立案条件，且数值与单位齐全',
    'A limit needs a condition, a value and a unit',
  ),
  'manual.conflict': text('同一立案条件的时限前后不一', 'Rows give the same condition different limits'),
} as const satisfies Record<string, Text>;
export type TransferReason = keyof typeof TRANSFER_REASONS;
