import {
  ACTION_NAMES,
  DANGEROUS_ACTIONS,
  type Action,
  type CaseAction,
  type Task,
  type Text,
} from '@wanmi/contracts';
import { formFor, nameDrawn, processOf, type FormContext } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import type { Platform } from '#platform/platform';
import { mayAsk } from './applications.ts';
import { awaitedBy } from './awaited.ts';
import type { Surroundings } from './effects.ts';
import type { Loaded } from './rows.ts';
import type { CaseState } from './state.ts';
import { varsOf } from './vars.ts';

/** The vocabulary's name; of a city's own action the one that its drawing has. */
export function nameOfAction(action: string, drawn: string): Text {
  return ACTION_NAMES[action as Action] ?? nameDrawn(drawn, action);
}

/** What the choices of a form depend on. */
export function formContextOf(
  state: Pick<
    CaseState,
    | 'categoryId'
    | 'conditionId'
    | 'communityId'
    | 'streetId'
    | 'districtId'
    | 'ownerId'
    | 'grade'
    | 'departmentId'
  >,
  unitId: string | null,
  ofTask: Pick<FormContext, 'finderUnitId' | 'asked' | 'onDuty'> = {},
): FormContext {
  return {
    categoryId: state.categoryId,
    conditionId: state.conditionId,
    regionIds: [state.communityId, state.streetId, state.districtId].filter((id) => id !== null),
    ownerId: state.ownerId,
    grade: state.grade,
    unitId,
    departmentId: state.departmentId,
    ...ofTask,
  };
}

/** What this actor may do beside the tasks, each with its form; the dangerous last. */
export async function caseActionsFor(
  platform: Platform,
  actor: Actor,
  { state, assignments, applications }: Loaded,
  { catalog }: Surroundings,
): Promise<CaseAction[]> {
  const graph = await processOf(platform, state.processId);
  const awaited = awaitedBy(actor, graph, state, assignments, varsOf({ catalog, state, assignments })).filter(
    ({ action, assignmentId }) => mayAsk(action, assignmentId, applications),
  );
  const context = formContextOf(state, actor.unitId);
  const actions = await Promise.all(
    awaited.map(async ({ action, name, form, assignmentId }): Promise<CaseAction> => ({
      action,
      name: nameOfAction(action, name),
      form: await formFor(platform, actor.cityId, form ?? action, context),
      danger: DANGEROUS_ACTIONS.has(action as Action),
      assignmentId,
    })),
  );
  return [...actions.filter((a) => !a.danger), ...actions.filter((a) => a.danger)];
}

/**
 * Adds to the tasks that wait for this actor what may be sent from them meanwhile: an application of their
 * assignment, say. Before taking and giving back, which stand last.
 */
export function withCaseActions(
  tasks: readonly Task[],
  actions: readonly CaseAction[],
  assignmentOfTask: (taskId: string) => string | null,
): Task[] {
  return tasks.map((task) => {
    const assignmentId = assignmentOfTask(task.id);
    if (task.actions.length === 0 || assignmentId === null) return task;
    const more = actions
      .filter((one) => one.assignmentId === assignmentId)
      .filter(({ action }) => !task.actions.some((own) => own.action === action))
      .map(({ assignmentId: _about, ...action }) => action);
    const own = task.actions.slice(0, -1);
    return { ...task, actions: [...own, ...more, ...task.actions.slice(-1)] };
  });
}
