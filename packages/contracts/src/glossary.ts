import type { Text } from './common.ts';
import type { Action, Lamp, Outcome, ReportKind, Role, Source, Step } from './vocabulary.ts';

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
};

/** Actions that end something or send work back: last in the row, and apart. */
export const DANGEROUS_ACTIONS: ReadonlySet<Action> = new Set([
  'reject',
  'deny',
  'declineFiling',
  'decline',
  'fail',
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
};

export const OUTCOME_NAMES: Record<Outcome, Text> = {
  closed: t('已结案', 'Closed'),
  declined: t('不予立案', 'Filing declined'),
  rejected: t('不予受理', 'Rejected'),
  voided: t('已作废', 'Voided'),
  merged: t('已并案', 'Merged'),
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
