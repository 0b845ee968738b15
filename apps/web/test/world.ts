import type {
  Application,
  Assignment,
  CaseCard,
  CaseDetail,
  Clock,
  Me,
  Post,
  Ref,
  Task,
  TaskAction,
  TimelineEntry,
} from '@wanmi/contracts';

/** Builders of what the API answers, typed by the contract: a changed contract breaks these first. */
let serial = 0;
export function id(): string {
  serial += 1;
  return `019ab2c4-7f00-7abc-8def-${String(serial).padStart(12, '0')}`;
}

export const NOW = '2026-11-21T06:05:00.000Z';

export function ref(zh: string, en = zh): Ref {
  return { id: id(), code: 'X', name: { 'zh-CN': zh, en } };
}

export function clock(overrides: Partial<Clock> = {}): Clock {
  return {
    lamp: 'green',
    startedAt: '2026-11-21T06:00:00.000Z',
    warnAt: '2026-11-21T06:48:00.000Z',
    dueAt: '2026-11-21T07:00:00.000Z',
    limit: { value: 1, unit: 'urgentHour' },
    ...overrides,
  };
}

export function card(overrides: Partial<CaseCard> = {}): CaseCard {
  return {
    id: id(),
    caseNo: '20261121-00001',
    version: 3,
    stage: 'file',
    outcome: null,
    source: 'hotline12345',
    category: ref('暴露垃圾', 'Exposed rubbish'),
    parentCategory: ref('市容环境', 'City appearance'),
    condition: null,
    description: '路边有一堆垃圾',
    address: '人民路 12 号',
    point: { lon: 113.02, lat: 28.19 },
    district: ref('东城区'),
    street: ref('人民街道'),
    department: null,
    reportedAt: '2026-11-21T05:55:00.000Z',
    filedAt: null,
    endedAt: null,
    clock: clock(),
    thumbnailUrl: null,
    ...overrides,
  };
}

export function action(code: string, zh: string, overrides: Partial<TaskAction> = {}): TaskAction {
  return {
    action: code,
    name: { 'zh-CN': zh, en: code },
    form: { type: 'object', properties: {}, additionalProperties: false },
    danger: false,
    ...overrides,
  };
}

export function task(overrides: Partial<Task> = {}): Task {
  const of = overrides.case ?? card();
  return {
    id: id(),
    caseId: of.id,
    step: 'file',
    role: 'shiftLeader',
    unit: ref('监督中心'),
    openedAt: '2026-11-21T06:00:00.000Z',
    doneAt: null,
    doneAction: null,
    claimedBy: null,
    version: of.version,
    clock: clock(),
    case: of,
    actions: [action('file', '立案'), action('declineFiling', '不予立案', { danger: true })],
    ...overrides,
  };
}

export function assignment(overrides: Partial<Assignment> = {}): Assignment {
  return {
    id: id(),
    unit: ref('道路养护中心'),
    crew: null,
    state: 'signed',
    dispatchedAt: '2026-11-21T06:00:00.000Z',
    signedAt: '2026-11-21T06:01:00.000Z',
    respondedAt: null,
    passedAt: null,
    failedCount: 0,
    overdue: false,
    exempt: false,
    parentId: null,
    part: 'main',
    form: 'single',
    clock: clock(),
    ...overrides,
  };
}

export function application(overrides: Partial<Application> = {}): Application {
  return {
    id: id(),
    kind: 'extend',
    state: 'pending',
    assignmentId: null,
    unit: ref('道路养护中心'),
    askedAt: '2026-11-21T06:02:00.000Z',
    decidedAt: null,
    level: 1,
    levels: 1,
    data: { note: '配件未到' },
    ...overrides,
  };
}

export function entry(overrides: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    seq: 1,
    type: 'case.reported',
    at: '2026-11-21T06:04:00.000Z',
    step: null,
    action: null,
    actor: { name: '李四', role: 'shiftLeader', unit: null },
    note: null,
    data: {},
    refs: {},
    mediaIds: [],
    hash: 'ab',
    ...overrides,
  };
}

export function detail(overrides: Partial<CaseDetail> = {}): CaseDetail {
  const of = overrides.tasks?.[0]?.case ?? card();
  return {
    ...of,
    place: {
      unitGrid: null,
      patrolGrid: null,
      district: of.district,
      street: of.street,
      community: null,
      grade: 'B',
      insideCity: true,
    },
    conditionDetail: null,
    asset: null,
    reportCount: 1,
    assignments: [],
    tasks: [],
    actions: [],
    applications: [],
    marks: [],
    links: [],
    selfHandled: false,
    rating: null,
    media: [],
    mergedInto: null,
    can: { revealReporter: false, integrity: false },
    ...overrides,
  };
}

export function post(overrides: Partial<Post> = {}): Post {
  return {
    id: id(),
    name: { 'zh-CN': '值班长', en: 'Shift leader' },
    role: 'shiftLeader',
    roleName: { 'zh-CN': '值班长', en: 'Shift leader' },
    unit: { ...ref('监督中心'), kind: 'supervisionCentre' },
    scope: { kind: 'city', region: null },
    ...overrides,
  };
}

export function me(overrides: Partial<Me> = {}): Me {
  const own = post();
  return {
    person: { id: id(), username: 'zhang', name: '张三', locale: 'zh-CN' },
    city: {
      id: id(),
      code: '430000',
      name: { 'zh-CN': '万米市', en: 'Wanmi City' },
      timeZone: 'Asia/Shanghai',
      bounds: null,
    },
    posts: [own],
    post: own,
    permissions: ['case.read', 'report.read', 'case.integrity'],
    csrf: 'token-1',
    now: NOW,
    clockRate: 1,
    demo: false,
    ...overrides,
  };
}
