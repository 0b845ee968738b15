import type { Text } from './common.ts';
import type {
  Action,
  ApplicationKind,
  ApplicationState,
  AssignmentPart,
  DispatchForm,
  Lamp,
  LinkKind,
  Outcome,
  ReportKind,
  Role,
  Source,
  Step,
} from './vocabulary.ts';

/**
 * The field's words in both languages (domain.md): the one place where Chinese term and English identifier
 * meet. Screens, replies and documents take their labels from here; a city's data has names of its own.
 */
const t = (zh: string, en: string): Text => ({ 'zh-CN': zh, en });

export const ACTION_NAMES: Record<Action, Text> = {
  claim: t('领取', 'Claim'),
  release: t('释放', 'Release'),
  accept: t('受理', 'Accept'),
  reject: t('不予受理', 'Reject'),
  sendVerify: t('发核实', 'Send for verification'),
  confirm: t('属实', 'Confirm'),
  deny: t('不属实', 'Deny'),
  file: t('立案', 'File'),
  declineFiling: t('不予立案', 'Decline filing'),
  dispatch: t('派遣', 'Dispatch'),
  redispatch: t('改派', 'Redispatch'),
  rework: t('返工', 'Rework'),
  sign: t('签收', 'Sign'),
  decline: t('拒签', 'Decline'),
  assign: t('交办', 'Assign to crew'),
  respond: t('反馈', 'Respond'),
  sendCheck: t('发核查', 'Send for check'),
  pass: t('核查通过', 'Pass'),
  fail: t('核查不通过', 'Fail'),
  close: t('结案', 'Close'),
  answer: t('答复', 'Answer'),
  transferOut: t('转出', 'Transfer out'),
  sendDistrict: t('下派区级', 'Send to district'),
  addDepartment: t('增派部门', 'Add department'),
  applyReturn: t('申请回退', 'Apply to return'),
  applyExtend: t('申请延期', 'Apply for extension'),
  applySuspend: t('申请挂账', 'Apply to suspend'),
  applyDefer: t('申请缓办', 'Apply to defer'),
  applyVoid: t('申请作废', 'Apply to void'),
  approve: t('同意', 'Approve'),
  refuse: t('不同意', 'Refuse'),
  resume: t('恢复办理', 'Resume'),
  void: t('作废', 'Void'),
  merge: t('并案', 'Merge'),
  unmerge: t('撤销并案', 'Undo merge'),
  supervise: t('督办', 'Supervise'),
  urge: t('催办', 'Urge'),
  instruct: t('批示', 'Instruct'),
  consult: t('会商', 'Consult'),
  selfHandle: t('自行处理', 'Handle on the spot'),
  appeal: t('申诉', 'Appeal'),
  rate: t('评价', 'Rate'),
  notSolved: t('反映未解决', 'Not solved'),
  reopen: t('重新办理', 'Reopen'),
};

/** Actions that end something or send work back: last in the row, and apart. */
export const DANGEROUS_ACTIONS: ReadonlySet<Action> = new Set([
  'reject',
  'deny',
  'declineFiling',
  'decline',
  'fail',
  'refuse',
  'transferOut',
  'void',
  'merge',
  'applyVoid',
  'unmerge',
]);

export const STEP_NAMES: Record<Step, Text> = {
  accept: t('待受理', 'To accept'),
  verify: t('待核实', 'To verify'),
  file: t('待立案', 'To file'),
  dispatch: t('待派遣', 'To dispatch'),
  sign: t('待签收', 'To sign'),
  dispose: t('处置中', 'In disposal'),
  sendCheck: t('待发核查', 'To send for check'),
  check: t('待核查', 'To check'),
  close: t('待结案', 'To close'),
  answer: t('待答复', 'To answer'),
  approve: t('待审批', 'To approve'),
  suspend: t('挂账中', 'Suspended'),
  consult: t('待会商', 'To consult'),
  inspect: t('待督查', 'To inspect'),
  reopen: t('待复核', 'To reconsider'),
  appeal: t('申诉待审', 'Appeal to decide'),
  keyPatrol: t('重点巡查', 'Key patrol'),
};

export const OUTCOME_NAMES: Record<Outcome, Text> = {
  closed: t('已结案', 'Closed'),
  declined: t('不予立案', 'Filing declined'),
  rejected: t('不予受理', 'Rejected'),
  voided: t('已作废', 'Voided'),
  merged: t('已并案', 'Merged'),
  answered: t('已答复', 'Answered'),
  transferred: t('已转出', 'Transferred out'),
};

export const DISPATCH_FORM_NAMES: Record<DispatchForm, Text> = {
  single: t('单部门', 'One department'),
  flat: t('扁平化', 'Flat'),
  doubleFlow: t('双流程', 'Double flow'),
  crossRegion: t('跨区域', 'Across regions'),
  samePeriod: t('同时段', 'Same period'),
  mainAssist: t('主协办', 'Main and assisting'),
  several: t('多部门', 'Several departments'),
};

export const PART_NAMES: Record<AssignmentPart, Text> = {
  main: t('主办', 'Main'),
  assist: t('协办', 'Assisting'),
  safe: t('先行排险', 'Make safe'),
  district: t('区级', 'District'),
};

export const APPLICATION_NAMES: Record<ApplicationKind, Text> = {
  return: t('回退申请', 'Return'),
  extend: t('延期申请', 'Extension'),
  suspend: t('挂账申请', 'Suspension'),
  defer: t('缓办申请', 'Deferral'),
  void: t('作废申请', 'Voiding'),
  reopen: t('复核申请', 'Reopening'),
  appeal: t('申诉', 'Appeal'),
};

export const APPLICATION_STATE_NAMES: Record<ApplicationState, Text> = {
  pending: t('待审批', 'Pending'),
  approved: t('已同意', 'Approved'),
  refused: t('未同意', 'Refused'),
  withdrawn: t('已撤回', 'Withdrawn'),
};

export const LINK_NAMES: Record<LinkKind, Text> = {
  merged: t('并入', 'Merged'),
  followUp: t('后续案卷', 'Follow-up'),
  recurrence: t('同处反复', 'Came back'),
};

export const ROLE_NAMES: Record<Role, Text> = {
  collector: t('监督员', 'Collector'),
  operator: t('受理员', 'Operator'),
  shiftLeader: t('值班长', 'Shift leader'),
  dispatcher: t('派遣员', 'Dispatcher'),
  department: t('专业部门', 'Department'),
  crew: t('处置人员', 'Crew'),
  inspector: t('督查员', 'Inspector'),
  assessor: t('考核员', 'Assessor'),
  leader: t('领导', 'Leader'),
  admin: t('管理员', 'Administrator'),
};

export const SOURCE_NAMES: Record<Source, Text> = {
  collector: t('监督员上报', 'Collector'),
  hotline12319: t('12319热线', 'Hotline 12319'),
  hotline12345: t('12345热线', 'Hotline 12345'),
  publicApp: t('公众上报', 'Public app'),
  website: t('网站', 'Website'),
  media: t('媒体曝光', 'Media'),
  leader: t('领导批示', 'Leader'),
  superior: t('上级交办', 'Superior platform'),
  video: t('视频发现', 'Video'),
  sensor: t('物联感知', 'Sensor'),
  vehicle: t('车载采集', 'Vehicle'),
  enforcement: t('执法发现', 'Enforcement'),
  otherPlatform: t('其他平台', 'Other platform'),
};

export const KIND_NAMES: Record<ReportKind, Text> = {
  problem: t('问题', 'Problem'),
  consultation: t('咨询', 'Consultation'),
  suggestion: t('建议', 'Suggestion'),
  praise: t('表扬', 'Praise'),
};

export const LAMP_NAMES: Record<Lamp, Text> = {
  green: t('正常', 'In time'),
  yellow: t('临期', 'Due soon'),
  red: t('超时', 'Overdue'),
  paused: t('暂停', 'Paused'),
};
