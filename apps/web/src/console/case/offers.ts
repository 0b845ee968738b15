import type { CaseDetail, Task, TaskAction } from '@wanmi/contracts';
import { ofCase, ofTask, type Asked } from './asked.ts';

const HOLDS: ReadonlySet<string> = new Set(['claim', 'release']);

/** What is said beside the work goes into the menu, in these groups; the rest is the work itself. */
export const GROUPS = {
  apply: [
    'applyReturn',
    'applyExtend',
    'applySuspend',
    'applyDefer',
    'resume',
    'addDepartment',
    'selfHandle',
  ],
  oversee: ['supervise', 'urge', 'instruct', 'consult'],
  after: ['appeal', 'notSolved', 'rate', 'reopen'],
  other: [],
  whole: ['applyVoid', 'unmerge', 'merge', 'void'],
} as const satisfies Record<string, readonly string[]>;
export type Group = keyof typeof GROUPS;

/** Actions that are also the work of a step of their own stay with that step. */
const OF_STEP: Readonly<Record<string, string>> = { resume: 'suspend', reopen: 'reopen', consult: 'consult' };

const groupOf = (action: string): Group | null =>
  (Object.keys(GROUPS) as Group[]).find((group) => (GROUPS[group] as readonly string[]).includes(action)) ??
  null;

/** One line of the menu: what, and about which department where there are several. */
export interface Offer extends Asked {
  key: string;
  unitId: string | null;
}

export interface Offers {
  /** The work of the task, likeliest first, what is dangerous last: they have the keys 1 … 9. */
  steps: TaskAction[];
  hold: TaskAction | undefined;
  /** Beside the work, by group; what is dangerous stands apart in a group of its own. */
  more: { group: Group | 'danger'; offers: Offer[] }[];
}

export function offersOf(detail: CaseDetail, task: Task | undefined): Offers {
  const own = task?.actions ?? [];
  const isStep = ({ action }: TaskAction) => OF_STEP[action] === task?.step || groupOf(action) === null;
  const steps = own.filter((one) => !HOLDS.has(one.action) && isStep(one));

  const beside: Offer[] = [
    ...own
      .filter((one) => !HOLDS.has(one.action) && !isStep(one))
      .map((action) => ({ action, subject: ofTask(task!), key: action.action, unitId: null })),
    ...detail.actions.map((action) => ({
      action,
      subject: ofCase(detail, action.assignmentId),
      key: `${action.action}:${action.assignmentId ?? ''}`,
      unitId: detail.assignments.find((one) => one.id === action.assignmentId)?.unit.id ?? null,
    })),
  ];
  // What the task offers too is done from the task: the case's own line would say it twice.
  const ofTheTask = new Set(own.map((one) => one.action));
  const shown = beside.filter(
    ({ subject, action }) => subject.kind === 'task' || !ofTheTask.has(action.action),
  );
  const safe = shown.filter((one) => !one.action.danger);
  const more = (Object.keys(GROUPS) as Group[]).map((group) => ({
    group: group as Group | 'danger',
    offers: inOrder(
      safe.filter((one) => (groupOf(one.action.action) ?? 'other') === group),
      group,
    ),
  }));
  more.push({ group: 'danger', offers: shown.filter((one) => one.action.danger) });
  return {
    steps: [...steps.filter((one) => !one.danger), ...steps.filter((one) => one.danger)],
    hold: own.find((one) => HOLDS.has(one.action)),
    more: more.filter(({ offers }) => offers.length > 0),
  };
}

function inOrder(offers: Offer[], group: Group): Offer[] {
  const order = GROUPS[group] as readonly string[];
  return offers.toSorted((a, b) => order.indexOf(a.action.action) - order.indexOf(b.action.action));
}
