import type { Action, CaseDetail, Condition, Limit, Text } from '@wanmi/contracts';
import type { Field } from '../../shared/form/schema.ts';

/**
 * What an action will do, told before it is done: the meaning of the verb is fixed by the domain, limit and
 * department come from the form's choices and the case. Nothing here decides; the server does.
 */
export interface Effect {
  kind: 'limit' | 'department' | 'closing' | 'message' | 'end';
  limit?: Limit | null;
  text?: Text | null;
  /** A key of `effect.message`. */
  message?: MessageKey;
}

const MESSAGES = {
  accept: 'accepted',
  reject: 'rejected',
  declineFiling: 'declined',
  file: 'filed',
  close: 'closed',
  answer: 'answered',
  transferOut: 'transferred',
  void: 'voided',
  merge: 'merged',
  unmerge: 'unmerged',
  reopen: 'reopened',
} as const satisfies Partial<Record<Action, string>>;
export type MessageKey = (typeof MESSAGES)[keyof typeof MESSAGES];

const ENDS: ReadonlySet<string> = new Set<Action>([
  'reject',
  'declineFiling',
  'close',
  'answer',
  'transferOut',
  'void',
  'merge',
]);

/** What starts the limit of the condition. */
const TIMED: ReadonlySet<string> = new Set<Action>([
  'dispatch',
  'redispatch',
  'addDepartment',
  'sendDistrict',
]);

export function effectsOf(
  action: string,
  data: Record<string, unknown>,
  fields: Field[],
  detail: Pick<CaseDetail, 'conditionDetail' | 'department'>,
  conditions: Condition[],
): Effect[] {
  const picked = (widget: Field['widget']) => {
    const field = fields.find((one) => one.widget === widget);
    return field?.choices.find((choice) => choice.value === data[field.name]) ?? null;
  };
  const effects: Effect[] = [];
  const condition = picked('condition');
  if (condition) {
    effects.push({ kind: 'limit', limit: condition.limit });
    const known = conditions.find((one) => one.id === condition.value);
    if (known?.department) effects.push({ kind: 'department', text: known.department.name });
    if (condition.help) effects.push({ kind: 'closing', text: condition.help });
  }
  const unit = picked('unit');
  if (unit) effects.push({ kind: 'department', text: unit.label });
  const others = fields.find((one) => one.widget === 'units');
  for (const id of others ? [data[others.name]].flat() : []) {
    const other = others?.choices.find((choice) => choice.value === id);
    if (other) effects.push({ kind: 'department', text: other.label });
  }
  if (unit && detail.conditionDetail && TIMED.has(action)) {
    effects.push({ kind: 'limit', limit: detail.conditionDetail.limit });
  }
  if (action === 'rework' && detail.department)
    effects.push({ kind: 'department', text: detail.department.name });
  const message = (MESSAGES as Partial<Record<string, MessageKey>>)[action];
  if (message) effects.push({ kind: 'message', message });
  if (ENDS.has(action)) effects.push({ kind: 'end' });
  return effects;
}
