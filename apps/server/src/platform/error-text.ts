import type { ProblemCode, ProblemParams } from './errors.ts';

export type Language = 'zh-CN' | 'en';

/** Titles for those who read the API itself; screens have their own catalogue, by code. */
const titles: Readonly<Record<ProblemCode, readonly [zh: string, en: string]>> = {
  'auth.required': ['请先登录', 'Sign in first'],
  'auth.invalid': ['用户名或密码不正确', 'User name or password is wrong'],
  'auth.expired': ['登录已失效，请重新登录', 'The session has ended, sign in again'],
  'auth.locked': [
    '登录失败次数过多，账号已暂时锁定',
    'Too many failed sign-ins, the account is locked for a while',
  ],
  'auth.weakPassword': ['密码强度不足', 'The password is too weak'],
  csrf: ['请求未带有效的防伪令牌', 'The request carries no valid anti-forgery token'],
  'permission.denied': ['没有执行此操作的权限', 'You may not do this'],
  'permission.sameCentre': ['监督与指挥须由不同人员办理', 'Supervision and command must be different people'],
  notFound: ['未找到', 'Not found'],
  'request.malformed': ['请求格式有误', 'The request cannot be read'],
  'request.method': ['不支持该请求方法', 'This method is not supported here'],
  'request.timeout': ['请求超时', 'The request took too long'],
  'request.tooLarge': ['请求内容过大', 'The request is too large'],
  'request.headTooLarge': ['请求头过大', 'The head of the request is too large'],
  'request.type': ['不支持该请求内容类型', 'This content type is not supported here'],
  'validation.failed': ['提交的内容不符合要求', 'The request does not fit its schema'],
  'cursor.invalid': ['分页位置无效', 'The page cursor is not valid'],
  'search.tooShort': ['检索词过短', 'The search term is too short'],
  'rate.limited': ['请求过于频繁，请稍后再试', 'Too many requests, try again later'],
  'live.tooMany': ['实时连接数过多', 'Too many live connections'],
  'media.type': ['不支持该文件类型', 'This kind of file is not accepted'],
  'media.broken': ['文件已损坏，无法读取', 'The file is damaged and cannot be read'],
  'media.tooLarge': ['文件过大', 'The file is too large'],
  'media.tooManyPixels': ['图片尺寸过大', 'The picture has too many pixels'],
  'media.empty': ['文件为空', 'The file is empty'],
  'csv.broken': ['CSV 文件无法解析', 'The CSV file cannot be parsed'],
  'csv.header': ['CSV 表头不符合要求', 'The CSV header does not fit'],
  'csv.encoding': ['CSV 文件编码无法识别', 'The encoding of the CSV file is not known'],
  'table.type': ['请上传 .xlsx、.csv 或 .geojson 文件', 'Upload a .xlsx, .csv or .geojson file'],
  'table.oldExcel': [
    '旧版或加密的 Excel 文件，请另存为不加密的 .xlsx',
    'An old or encrypted Excel file: save it as .xlsx without a password',
  ],
  'table.macro': ['含宏的工作簿不予接收', 'A workbook with macros is not taken'],
  'table.broken': ['工作簿已损坏，无法读取', 'The workbook is damaged and cannot be read'],
  'table.bomb': ['文件展开后过大', 'Unpacked, the file is too large'],
  'table.columns': ['列数过多', 'The table has too many columns'],
  'table.header': ['找不到需要的表头', 'The columns that are needed are not there'],
  'table.empty': ['文件中没有数据行', 'The file holds no rows'],
  'table.tooMany': ['行数过多', 'The file holds too many rows'],
  'import.expired': ['原文件已按期清除', 'The file was erased when its time was over'],
  'export.running': ['已有导出正在进行', 'Another export is being made'],
  'export.state': ['该导出的状态不允许此操作', 'The state of this export does not allow it'],
  'import.running': ['另有一个文件正在导入', 'Another file is being imported'],
  'import.moved': ['该批次正由另一进程处理', 'Another process works on this batch'],
  'import.state': ['该批次的状态不允许此操作', 'The state of this batch does not allow it'],
  'import.touched': [
    '该批次中有案卷已被处理，不能撤销',
    'Cases of this batch have been worked on since: it cannot be undone',
  ],
  'import.ordered': [
    '该批次正在撤销或接办，请等其结束',
    'This batch is being undone or adopted: wait until that has ended',
  ],
  'import.changed': [
    '案卷数已有变化，请重新核对',
    'The number of cases has changed meanwhile: look again before you go on',
  ],
  'import.noneOpen': ['没有可接办的未结案卷', 'There is no open case to adopt'],
  'import.mapping': ['映射与文件不符', 'The mapping does not fit the file'],
  'import.file': ['文件与该批次的文件不同', 'The file is not the one of this batch'],
  'conflict.version': ['内容已被他人更新', 'Somebody else has changed it meanwhile'],
  'conflict.taken': ['该值已被占用', 'This value is already taken'],
  'conflict.reference': ['关联的对象不存在或仍被引用', 'A referred thing is missing or still in use'],
  'conflict.race': ['与其他操作冲突，请重试', 'It collided with another operation, try again'],
  'idempotency.required': ['缺少幂等键', 'The idempotency key is missing'],
  'idempotency.mismatch': ['幂等键已用于另一请求', 'The idempotency key was used for another request'],
  'idempotency.inProgress': ['相同的请求正在处理', 'The same request is being worked on'],
  'permission.ownApplication': ['不能审批自己提出的申请', 'Nobody decides what they asked for themselves'],
  'action.whichAssignment': ['请指明针对哪张派遣单', 'Say which assignment it is about'],
  'application.sameDecider': [
    '上一级审批也是您，须由他人审批',
    'You decided the level before; somebody else decides this one',
  ],
  'application.pending': ['同类申请正在审批', 'The same is already asked for'],
  'application.cap': ['超出可申请的次数或时长', 'It may not be asked for again, or for so long'],
  'action.notAllowed': ['当前不能执行此操作', 'This action is not possible now'],
  'task.claimed': ['任务已被他人领取', 'Somebody else has claimed the task'],
  'task.done': ['任务已办结', 'The task is already done'],
  'task.notYet': ['尚未到核查时段', 'It is not yet the time to check'],
  'case.ended': ['案卷已终结', 'The case has ended'],
  'form.invalid': ['表单填写有误', 'The form is not filled in correctly'],
  'geo.outsideCity': ['位置不在本市管理范围内', 'The position lies outside the city'],
  'report.notCollected': [
    '此处或此时不采集该类问题',
    'This kind of problem is not collected here, or not at this hour',
  ],
  'report.known': ['该来源编号已上报过', 'This number of that source was reported before'],
  'config.noUnit': ['城市配置中缺少承办机构', 'The configuration of the city has no unit for this step'],
  'config.noCalendar': ['城市配置中缺少工作日历', 'The configuration of the city lacks a calendar'],
  'rule.inUse': ['规则版本正在使用', 'The rule version is in use'],
  'duty.absent': ['该岗位此时段已登记缺勤', 'This post is recorded as absent at that time already'],
  'duty.substitute': ['该人员不能顶岗', 'This person cannot act for the post'],
  'rule.archive': ['规则包无法读取', 'The archive of rules cannot be read'],
  'rule.invalid': ['规则检查未通过', 'The rules have mistakes'],
  'rule.unchanged': ['与现行规则没有差异', 'Nothing differs from the rules in force'],
  'rule.effective': ['生效时间不能早于现在', 'Rules cannot take effect in the past'],
  'rule.scheduled': ['已有待生效的发布', 'Another publication waits for its day'],
  'rule.state': ['当前状态下不能执行此操作', 'This is not possible in its present state'],
  'move.versions': [
    '不是同一流程的可迁移版本',
    'These are not two versions of one process with the second in force',
  ],
  'move.map': ['节点对应关系有误', 'The map names nodes that cannot be moved so'],
  'move.running': ['该版本的案卷正在迁移', 'Cases of this version are being moved already'],
  'move.state': ['迁移已结束', 'The move has ended'],
  'rule.trying': ['已有试运行正在进行', 'Another draft is being tried'],
  'clock.backwards': ['时钟不能倒退', 'The clock cannot go backwards'],
  'query.timeout': ['查询超时，请缩小范围后重试', 'The query took too long, narrow it and try again'],
  'db.unavailable': ['数据库暂不可用，请稍后重试', 'The database is not available, try again soon'],
  'storage.full': ['存储空间不足', 'The storage is full'],
  'backup.unreachable': ['备份目录无法读取', 'The backup directory cannot be read'],
  'restore.unconfirmed': [
    '本系统由备份恢复，管理员确认之前只能查看',
    'This city came out of a backup: it can only be looked at until that is confirmed',
  ],
  'service.starting': ['服务正在启动', 'The service is starting'],
  'service.stopping': ['服务正在停止', 'The service is stopping'],
  internal: ['服务器内部错误', 'Internal server error'],
};

const details: Readonly<Partial<Record<ProblemCode, readonly [zh: string, en: string]>>> = {
  'auth.locked': ['请在 {retryAfter} 秒后重试', 'Try again in {retryAfter} seconds'],
  'rate.limited': ['请在 {retryAfter} 秒后重试', 'Try again in {retryAfter} seconds'],
  'media.tooLarge': ['最大 {maxBytes} 字节', 'At most {maxBytes} bytes'],
  'media.tooManyPixels': ['最多 {maxPixels} 像素', 'At most {maxPixels} pixels'],
  'media.type': ['识别为 {mime}', 'Recognised as {mime}'],
  'live.tooMany': ['每个会话最多 {max} 个', 'At most {max} for each session'],
  'conflict.version': [
    '所见版本 {seen}，当前版本 {current}',
    'Seen version {seen}, current version {current}',
  ],
  'report.notCollected': ['{nameZh}', '{nameEn}'],
  'csv.header': ['列：{columns}', 'Columns: {columns}'],
  'table.header': ['缺少：{columns}', 'Missing: {columns}'],
  'table.tooMany': ['最多 {max} 行', 'At most {max} rows'],
  'csv.broken': ['第 {line} 行', 'Line {line}'],
  'import.touched': ['已被处理：{cases} 件', 'Worked on: {cases}'],
  'import.mapping': ['{faults}', '{faults}'],
  'import.changed': ['现在是 {cases} 件', 'There are {cases} now'],
};

/** Title and, where all its parameters are known, detail of a problem. */
export function problemText(
  code: ProblemCode,
  params: ProblemParams,
  language: Language,
): { title: string; detail?: string } {
  const column = language === 'zh-CN' ? 0 : 1;
  const title = titles[code][column];
  const template = details[code]?.[column];
  if (template === undefined) return { title };
  const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  if (names.some((name) => params[name] === undefined)) return { title };
  return { title, detail: template.replace(/\{(\w+)\}/g, (_, name: string) => shown(params[name])) };
}

function shown(value: ProblemParams[string] | undefined): string {
  return String(typeof value === 'number' ? Math.ceil(value) : value);
}

/** The reader's language by Accept-Language (RFC 9110 §12.5.4): English where it is preferred, else Chinese. */
export function pickLanguage(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...options] = part.trim().toLowerCase().split(';');
      const q = options
        .map((option) => /^\s*q=([\d.]+)\s*$/.exec(option)?.[1])
        .find((value) => value !== undefined);
      return { language: languageOf(tag.trim()), q: q === undefined ? 1 : Number(q) };
    })
    .filter((one): one is { language: Language; q: number } => one.language !== undefined && one.q > 0)
    .sort((a, b) => b.q - a.q);
  return wanted[0]?.language ?? 'zh-CN';
}

function languageOf(tag: string): Language | undefined {
  if (tag === 'zh' || tag.startsWith('zh-')) return 'zh-CN';
  return tag === 'en' || tag.startsWith('en-') ? 'en' : undefined;
}
