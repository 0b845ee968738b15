import { DISPATCH_FORMS, type AssignmentPart, type DispatchForm } from '@wanmi/contracts';
import { deadlineOf, startClock, type Limit } from '@wanmi/process';
import { departmentsAcross, departmentsFor, limitFor } from '#modules/catalog';
import type { UnitInfo } from '#modules/org';
import { invalid, problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Change, Situation } from './change.ts';
import { calendarOf } from './effects.ts';
import { departmentsOnDuty } from './on-duty.ts';
import type { AssignmentState } from './state.ts';

/** How long making safe may take where the city sets no limit of its own: stage limit `makeSafe`. */
const MAKE_SAFE: Limit = { value: 2, unit: 'urgentHour' };

interface Wanted {
  readonly unit: UnitInfo;
  readonly part: AssignmentPart;
  readonly form: DispatchForm;
  readonly crew?: UnitInfo;
  /** Limit of its own instead of the condition's. */
  readonly limit?: Limit;
}

const wrong = (path: string, code: string): never => {
  throw invalid([{ path, code, message: code }], 'form.invalid');
};

/**
 * 派遣 in one of its forms: whose responsibility begins, and with it each one's disposal clock.
 *
 * - `single`: one department
 * - `crossRegion`: one department that lies beyond the place, or beyond the district whose centre dispatches
 * - `samePeriod`: one department that is on duty now
 * - `several`: equal departments, each with a check of its own
 * - `mainAssist`: one answers for it, the others help and are done with their response
 * - `doubleFlow`: the first of the others makes safe at once while the department repairs
 * - `flat`: straight to a crew; its department sees it and answers for it
 * @throws form.invalid
 */
export async function dispatchForms(change: Change): Promise<AssignmentState[]> {
  const { data } = change;
  const form = formOf(data['form']);
  const others = listOf(data['otherIds']);
  const made: Wanted[] = [];
  if (form === 'flat') made.push(flatOf(change, form));
  else {
    const unit = departmentOf(change, data['unitId'], '/unitId');
    requireReach(change, unit, form, '/unitId');
    if (form === 'samePeriod') await requireOnDuty(change, unit, '/unitId');
    made.push({ unit, part: 'main', form });
  }
  if (form === 'several' || form === 'mainAssist' || form === 'doubleFlow') {
    if (others.length === 0) wrong('/otherIds', 'required');
    for (const [index, id] of others.entries()) {
      const unit = departmentOf(change, id, `/otherIds/${index}`);
      requireReach(change, unit, form, `/otherIds/${index}`);
      const safe = form === 'doubleFlow';
      made.push({
        unit,
        part: form === 'several' ? 'main' : safe ? 'safe' : 'assist',
        form,
        ...(safe ? { limit: change.around.catalog.stageLimits.get('makeSafe') ?? MAKE_SAFE } : {}),
      });
    }
  } else if (others.length > 0) wrong('/otherIds', 'notAllowed');
  const ids = made.filter(({ part }) => part !== 'safe').map(({ unit }) => unit.id);
  if (new Set(ids).size < ids.length) wrong('/otherIds', 'sameDepartment');
  return made.map((wanted) => assignTo(change, wanted));
}

/**
 * One more department while the others work, of those that whoever adds it dispatches to.
 * @throws form.invalid
 */
export function addDepartmentTo(change: Change): AssignmentState {
  const { data, assignments } = change;
  const unit = departmentOf(change, data['unitId'], '/unitId');
  requireReach(change, unit, 'several', '/unitId');
  const part = data['part'] === 'assist' || data['part'] === 'safe' ? data['part'] : 'main';
  if (assignments.some((a) => a.endedAt === null && a.unitId === unit.id && a.part === part)) {
    wrong('/unitId', 'sameDepartment');
  }
  const limit = change.around.catalog.stageLimits.get('makeSafe') ?? MAKE_SAFE;
  return assignTo(change, { unit, part, form: 'several', ...(part === 'safe' ? { limit } : {}) });
}

/** The district takes it over: its assignment has those of the departments as children. */
export function sendToDistrict(change: Change, unit: UnitInfo): AssignmentState {
  return assignTo(change, { unit, part: 'district', form: 'single' });
}

/** Gives responsibility to one unit; the clock runs from now. */
export function assignTo(change: Situation, { unit, part, form, crew, limit: own }: Wanted): AssignmentState {
  const { around, state, at } = change;
  const condition = around.catalog.conditionById.get(state.conditionId ?? '');
  if (!condition) throw problem('internal');
  const limit = own ?? limitFor(condition, state.grade);
  const calendar =
    around.catalog.unitById.get(unit.id)?.calendar ??
    around.catalog.stageLimits.get('dispose')?.calendar ??
    'department';
  const clock = startClock(at, { value: limit.value, unit: limit.unit });
  const parent =
    part === 'district'
      ? undefined
      : change.assignments.findLast((a) => a.part === 'district' && a.endedAt === null);
  const assignment: AssignmentState = {
    id: uuidv7(at),
    parentId: parent?.id ?? null,
    part,
    form,
    unitId: unit.id,
    crewId: crew?.id ?? null,
    crewPostId: null,
    state: crew ? 'signed' : 'dispatched',
    limitValue: limit.value,
    limitUnit: limit.unit,
    calendar,
    clock,
    dispatchedAt: at,
    dueAt: deadlineOf(calendarOf(around, calendar), clock),
    signedAt: crew ? at : null,
    respondedAt: null,
    passedAt: null,
    endedAt: null,
    failedCount: 0,
    extensions: 0,
    overdue: false,
    exempt: false,
  };
  change.assignments.push(assignment);
  change.changed.add(assignment);
  if (part === 'main') state.departmentId = mainDepartment(change) ?? unit.id;
  return assignment;
}

/** Whom the card of the case names: the first that answers for it. */
export function mainDepartment({ assignments }: Pick<Situation, 'assignments'>): string | null {
  const open = assignments.filter((a) => a.part === 'main' && a.endedAt === null);
  return open[0]?.unitId ?? null;
}

function flatOf(change: Change, form: DispatchForm): Wanted {
  const { crewId } = change.data;
  const crew = change.around.units.get(typeof crewId === 'string' ? crewId : '');
  const unit = change.around.units.get(crew?.parentId ?? '');
  if (!crew || crew.closed || crew.kind !== 'crew' || !unit || unit.closed)
    return wrong('/crewId', 'unknown');
  requireReach(change, unit, form, '/crewId');
  return { unit, part: 'main', form, crew };
}

/**
 * 跨区域 is for departments beyond the place, every other form for those that the task's unit dispatches to; beside the
 * tasks, the unit of whoever acts.
 */
function requireReach(change: Change, { id }: UnitInfo, form: DispatchForm, path: string): void {
  const { around, state, task, actor } = change;
  const regionIds = [state.communityId, state.streetId, state.districtId].filter((one) => one !== null);
  const context = { unitId: task?.unitId ?? actor.unitId, regionIds };
  const isAcross = form === 'crossRegion';
  const units = (isAcross ? departmentsAcross : departmentsFor)(around.catalog, context);
  if (!units.some((unit) => unit.id === id)) wrong(path, isAcross ? 'servesHere' : 'otherRegion');
}

/** 同时段: somebody must be there to take it. */
async function requireOnDuty(
  { platform, around, at }: Change,
  { id }: UnitInfo,
  path: string,
): Promise<void> {
  const onDuty = await departmentsOnDuty(platform, around.catalog, at);
  if (!onDuty.includes(id)) wrong(path, 'notOnDuty');
}

function departmentOf({ around }: Change, id: unknown, path: string): UnitInfo {
  const unit = around.units.get(typeof id === 'string' ? id : '');
  if (!unit || unit.closed || unit.kind !== 'department') return wrong(path, 'unknown');
  return unit;
}

function formOf(value: unknown): DispatchForm {
  return DISPATCH_FORMS.find((form) => form === value) ?? 'single';
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? [...new Set(value.filter((id) => typeof id === 'string'))] : [];
}
