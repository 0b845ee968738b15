import type { Drawing } from './drawing.ts';
import { attributeOf, childOf, textOf, type XmlElement } from './xml.ts';

const ACTION = /(^|\band\s+|\(\s*)action\s*=\s*"([^"]*)"/;

/** The action that a way out of a step stands for: named by its condition, or by itself. */
export function actionOf(text: string, drawing: Drawing, flow: XmlElement): string {
  const condition = textOf(text, childOf(flow, 'conditionExpression'));
  return ACTION.exec(condition)?.[2] ?? attributeOf(flow, `${drawing.own}action`) ?? '';
}

/**
 * How an action is written to a flow: where a step has several ways out each is a condition, its only way or the one
 * that is taken otherwise says it by an attribute. What else the condition asks stays.
 */
export function actionWrites(
  { condition, alone }: { readonly condition: string; readonly alone: boolean },
  action: string,
): { readonly condition: string; readonly action: string } {
  const asked = ACTION.exec(condition);
  if (asked && action !== '')
    return {
      condition: condition.replace(ACTION, (_, before: string) => `${before}action = ${quote(action)}`),
      action: '',
    };
  if (asked) return { condition: condition.trim() === asked[0] ? '' : condition, action: '' };
  if (alone || action === '') return { condition, action };
  const own = `action = ${quote(action)}`;
  return { condition: condition === '' ? own : `${own} and (${condition})`, action: '' };
}
const quote = (code: string): string => JSON.stringify(code);
