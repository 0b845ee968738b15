import type { MarkKind } from '@wanmi/contracts';
import { deadlineOf, pauseClock, resumeClock, type ClockState } from '@wanmi/process';
import { manualFor } from '#modules/catalog';
import { invalid } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { maskPersonal } from '#platform/personal';
import { apply, approve, isSuspended, refuse, resume } from './applications.ts';
import { assignmentOf, type Change, type Meaning } from './change.ts';
import { checkModeOf } from './decisions.ts';
import { addDepartmentTo, dispatchForms, mainDepartment, sendToDistrict } from './dispatching.ts';
import { calendarOf, districtCentre, endAssignment } from './effects.ts';
import { merge, unmerge } from './merging.ts';
import type { AssignmentState, CaseState } from './state.ts';

const wrong = (path: string, code: string): never => {
  throw invalid([{ path, code, message: code }], 'form.invalid');
};

/** 立案: pins condition and manual; the limit and the responsible department follow from them. */
const file: Meaning = ({ around, state, data, at }) => {
  const condition = around.catalog.conditionById.get(data['conditionId'] as string);
  if (!condition?.inForce) return wrong('/conditionId', 'unknown');
  state.conditionId = condition.id;
  state.categoryId = condition.categoryId;
  if (typeof data['grade'] === 'string') state.grade = data['grade'];
  // Filed after all, it is worked on like any other.
  state.selfHandled = false;
  const row = manualFor(around.catalog, { conditionId: condition.id, ...whereOf(state) });
  state.manualId = row?.manualId ?? around.catalog.manual?.id ?? null;
  state.filedAt = at;
  return {
    condition: { id: condition.id, categoryId: condition.categoryId, manualId: state.manualId },
  };
};

/** The regions of a case from the narrowest up, as the manual asks for them. */
export function whereOf(state: CaseState): { regionIds: string[]; ownerId: string | null } {
  return {
    regionIds: [state.communityId, state.streetId, state.districtId].filter((id) => id !== null),
    ownerId: state.ownerId,
  };
}

/** 派遣: responsibility begins, in one of the six forms. */
const dispatch: Meaning = async (change) => {
  await dispatchForms(change);
  return {};
};

/** 改派: the one it is taken from ends, the next begins anew beside those who still work. */
const redispatch: Meaning = async (change) => {
  const open = assignmentOf(change);
  if (open.endedAt === null && open.unitId === change.data['unitId']) wrong('/unitId', 'sameDepartment');
  if (open.endedAt === null) endAssignment(open, 'withdrawn', change.at);
  change.add = { assignments: (await dispatchForms(change)).map((a) => a.id) };
  change.state.departmentId = mainDepartment(change);
  return {};
};

/** 增派: a department more while the others work. */
const addDepartment: Meaning = (change) => {
  change.add = { assignments: [addDepartmentTo(change).id] };
  return {};
};

/** 下派: the district answers for it and dispatches to its departments. */
const sendDistrict: Meaning = (change) => {
  const { around, state, data } = change;
  const asked = data['unitId'];
  const unit = around.units.get(typeof asked === 'string' ? asked : (districtCentre(around, state) ?? ''));
  if (!unit || unit.closed || unit.kind !== 'commandCentre') return wrong('/unitId', 'unknown');
  sendToDistrict(change, unit);
  return {};
};

/** 返工: the same department once more; its clock went on when the check failed. */
const rework: Meaning = (change) => {
  const a = assignmentOf(change);
  a.state = 'dispatched';
  a.signedAt = null;
  a.respondedAt = null;
  return {};
};

const sign: Meaning = (change) => {
  const a = assignmentOf(change);
  a.state = 'signed';
  a.signedAt = change.at;
  return {};
};

/** 拒签; a centre may decline as well what it was to dispatch: then there is nobody's responsibility to end. */
const decline: Meaning = (change) => {
  if (change.assignment === null && change.assignments.every((a) => a.endedAt !== null)) return {};
  endAssignment(assignmentOf(change), 'declined', change.at);
  change.state.departmentId = mainDepartment(change);
  return {};
};

/** 指派: to a crew, or to one of a crew by name. */
const assign: Meaning = async (change) => {
  const { around, data } = change;
  const a = assignmentOf(change);
  const named = typeof data['postId'] === 'string' ? await crewPost(change, data['postId']) : null;
  const crew = around.units.get((data['unitId'] as string | undefined) ?? named?.unitId ?? '');
  const path = named && data['unitId'] === undefined ? '/postId' : '/unitId';
  if (!crew || crew.closed || crew.kind !== 'crew' || crew.parentId !== a.unitId) wrong(path, 'unknown');
  if (named && named.unitId !== crew!.id) wrong('/postId', 'unknown');
  a.crewId = crew!.id;
  a.crewPostId = named?.id ?? null;
  return {};
};

/** The post of one of a crew, held now. */
async function crewPost(
  { platform, state, at }: Change,
  id: string,
): Promise<{ id: string; unitId: string }> {
  const { rows } = await platform.pool.query<{ id: string; unitId: string }>({
    name: 'cases.crewPost',
    text: `select p.id, p.unit_id as "unitId" from post p join role r on r.id = p.role_id
            where p.id = $1 and p.city_id = $2 and r.code = 'crew' and p.valid_from <= $3
              and (p.valid_to is null or p.valid_to > $3)`,
    values: [id, state.cityId, new Date(at)],
  });
  return rows[0] ?? wrong('/postId', 'unknown');
}

/** 反馈: the disposal clock stands until the check has passed or failed. Who only assists is done. */
const respond: Meaning = (change) => {
  const { at, task } = change;
  if (task?.step === 'keyPatrol') return {};
  const a = assignmentOf(change);
  a.state = 'responded';
  a.respondedAt = at;
  a.overdue ||= a.dueAt !== null && at > a.dueAt && (a.clock as ClockState).pausedAt === null;
  a.clock = pauseClock(a.clock as ClockState, at);
  if (a.part === 'assist') {
    a.state = 'done';
    a.endedAt = at;
  } else if (checkModeOf(change.around.catalog, change.state) === 'none') {
    return pass(change);
  }
  return {};
};

const pass: Meaning = (change) => {
  const a = assignmentOf(change);
  // Passed once, it stays passed at that time: the second look only confirms it.
  if (a.state === 'passed') return {};
  a.state = 'passed';
  a.passedAt = change.at;
  a.endedAt = change.at;
  passParent(change, a);
  return {};
};

/** The district's assignment is done when all that it gave on are. */
function passParent(change: Change, { parentId }: AssignmentState): void {
  const parent = change.assignments.find((a) => a.id === parentId && a.endedAt === null);
  const children = change.assignments.filter((a) => a.parentId === parentId);
  if (!parent || children.some((a) => a.endedAt === null)) return;
  const { at } = change;
  const responded = Math.max(...children.map((a) => a.respondedAt ?? 0));
  parent.respondedAt = responded || at;
  parent.overdue ||= parent.dueAt !== null && parent.respondedAt > parent.dueAt;
  Object.assign(parent, { state: 'passed', passedAt: at, endedAt: at });
  change.changed.add(parent);
}

/** A failed check: paused, not given back. The time between response and check does not count (domain.md). */
const fail: Meaning = (change) => {
  const { around, at } = change;
  const a = assignmentOf(change);
  const calendar = calendarOf(around, a.calendar);
  if (!isSuspended(a, change.applications)) {
    a.clock = resumeClock(a.clock as ClockState, at, calendar);
    a.dueAt = deadlineOf(calendar, a.clock as ClockState);
  }
  a.failedCount += 1;
  a.passedAt = null;
  a.endedAt = null;
  return {};
};

const close: Meaning = ({ state, assignments }) => ({
  onTime: assignments.every((a) => a.state !== 'passed' || !a.overdue),
  ...(state.selfHandled ? { selfHandled: true } : {}),
});

/** 自行处理: fixed on the spot; somebody else looks at the photos before it counts. */
const selfHandle: Meaning = ({ state }) => {
  state.selfHandled = true;
  return { selfHandled: true };
};

const HOUR = 3600_000;

/** 督办、催办、批示: said of the case, heard by whoever works on it. */
function mark(kind: MarkKind): Meaning {
  return ({ actor, at, data, writes }) => {
    const { hours, note } = data;
    const dueAt = typeof hours === 'number' ? at + hours * HOUR : null;
    const id = uuidv7(at);
    const text = typeof note === 'string' ? maskPersonal(note) : null;
    writes.marks.push({ id, kind, postId: actor.postId, at, dueAt, note: text });
    return { mark: { id, kind, dueAt: dueAt === null ? null : new Date(dueAt).toISOString() } };
  };
}

const rate: Meaning = ({ state, data }) => {
  const stars = data['stars'];
  if (typeof stars !== 'number') return wrong('/stars', 'required');
  state.rating = stars;
  return { rating: stars };
};

/** 重新办理: what had ended goes on; its end stays in the log. */
const reopen: Meaning = ({ state }) => {
  state.endedAt = null;
  state.outcome = null;
  state.departmentId = null;
  return {};
};

/** What the domain's actions mean beside their place in the process; an action not named here only walks on. */
export const MEANING: Readonly<Record<string, Meaning>> = {
  file,
  dispatch,
  redispatch,
  rework,
  sign,
  decline,
  assign,
  respond,
  pass,
  fail,
  close,
  sendDistrict,
  addDepartment,
  selfHandle,
  supervise: mark('supervise'),
  urge: mark('urge'),
  instruct: mark('instruct'),
  applyReturn: apply('return'),
  applyExtend: apply('extend'),
  applySuspend: apply('suspend'),
  applyDefer: apply('defer'),
  applyVoid: apply('void'),
  appeal: apply('appeal'),
  approve,
  refuse,
  resume,
  rate,
  reopen,
  merge,
  unmerge,
};
