import { list, type ModdleElement, ref, text } from './bpmn.ts';
import type { Draft } from './draft.ts';
import { ProcessError } from './errors.ts';
import { evaluate, parseFeel } from './feel.ts';
import { isDuration, milliseconds } from './feel-values.ts';
import {
  type AssignRule,
  assignRules,
  type ErrorEvent,
  type MessageEvent,
  type Reminder,
  type ReminderAt,
  type TimerEvent,
} from './graph.ts';

type CaughtEvent = MessageEvent | TimerEvent | ErrorEvent;

/** The one definition of an event; undefined where there is none, or too many (which is refused). */
export function definitionOf(element: ModdleElement, draft: Draft): ModdleElement | undefined {
  const definitions = list(element, 'eventDefinitions');
  if (definitions.length > 1) draft.refuse('process.unsupported', element, 'several event definitions');
  if (list(element, 'eventDefinitionRef').length > 0)
    draft.refuse('process.unsupported', element, 'eventDefinitionRef');
  return definitions[0];
}

const attributesOf: Readonly<Record<string, readonly string[]>> = {
  'bpmn:MessageEventDefinition': ['role', 'assign', 'form', 'when'],
  'bpmn:TimerEventDefinition': ['code', 'at', 'limit'],
};

/** What would be read by nobody is a misunderstanding: better told than ignored. */
function refuseMisplaced(element: ModdleElement, definition: ModdleElement | undefined, draft: Draft): void {
  const own = attributesOf[definition?.$type ?? ''] ?? [];
  for (const attribute of Object.values(attributesOf).flat()) {
    if (own.includes(attribute) || text(element, `wm:${attribute}`) === undefined) continue;
    draft.refuse('process.misplaced', element, `wm:${attribute}`);
  }
}

/** What an event waits for. `limit` is that of the task that it stands on. */
export function readCaught(
  element: ModdleElement,
  draft: Draft,
  limit: string | null = null,
): CaughtEvent | undefined {
  const definition = definitionOf(element, draft);
  refuseMisplaced(element, definition, draft);
  switch (definition?.$type) {
    case undefined:
      return undefined;
    case 'bpmn:MessageEventDefinition':
      return readMessage(element, definition, draft);
    case 'bpmn:TimerEventDefinition':
      return readTimer(element, definition, limit, draft);
    case 'bpmn:ErrorEventDefinition':
      return { kind: 'error', code: errorCode(definition) ?? null };
    default:
      draft.refuse('process.unsupported', element, definition!.$type);
      return undefined;
  }
}

/** The name of the message that a definition refers to. */
export function messageName(
  element: ModdleElement,
  definition: ModdleElement,
  draft: Draft,
): string | undefined {
  const message = ref(definition, 'messageRef');
  const name = message && text(message, 'name');
  if (!name) draft.refuse('process.noMessage', element, 'messageRef, or the name of the message, is missing');
  return name;
}

export function errorCode(definition: ModdleElement): string | undefined {
  const error = ref(definition, 'errorRef');
  return error && text(error, 'errorCode');
}

export function readAssign(element: ModdleElement, draft: Draft): AssignRule {
  const given = text(element, 'wm:assign') ?? 'role';
  const rule = assignRules.find((known) => known === given);
  if (!rule) draft.refuse('process.assign', element, given);
  return rule ?? 'role';
}

function readMessage(
  element: ModdleElement,
  definition: ModdleElement,
  draft: Draft,
): MessageEvent | undefined {
  const message = messageName(element, definition, draft);
  const role = text(element, 'wm:role') ?? null;
  if (role !== null) {
    // several roles may send it
    for (const one of role.split(/\s+/)) draft.checkCode('roles', one, element);
    // what nobody sends comes from the process itself or from outside, and is no action
    if (message) draft.checkCode('actions', message, element);
  }
  const form = text(element, 'wm:form');
  if (form) draft.checkCode('forms', form, element);
  const condition = text(element, 'wm:when');
  const when = condition === undefined ? undefined : draft.condition(condition, element);
  const assign = readAssign(element, draft);
  return message === undefined
    ? undefined
    : { kind: 'message', message, role, assign, ...(form && { form }), ...(when && { when }) };
}

function readTimer(
  element: ModdleElement,
  definition: ModdleElement,
  taskLimit: string | null,
  draft: Draft,
): TimerEvent | undefined {
  const own = text(element, 'wm:limit') ?? null;
  if (own !== null) draft.checkCode('limits', own, element);
  const limit = own ?? taskLimit;
  const code = text(element, 'wm:code') ?? draft.idOf(element);
  const moment = text(element, 'wm:at');
  if (moment !== undefined) {
    const feel = draft.condition(moment, element);
    return feel && { kind: 'timer', code, at: { kind: 'moment', feel }, limit };
  }
  const at = readDuration(element, definition, draft);
  if (at?.kind === 'fraction' && limit === null) {
    draft.refuse('process.noLimit', element, 'a share of the limit, but there is no wm:limit');
  }
  return at && { kind: 'timer', code, at, limit };
}

/** `limit * 0.8` is a share of the limit; `PT2H` or `duration("PT2H")` a time after it was armed. */
function readDuration(
  element: ModdleElement,
  definition: ModdleElement,
  draft: Draft,
): ReminderAt | undefined {
  const body = ref(definition, 'timeDuration');
  const given = body && text(body, 'body');
  if (!given) {
    const other = ['timeDate', 'timeCycle'].find((property) => ref(definition, property));
    draft.refuse('process.timer', element, other ?? 'timeDuration or wm:at is missing');
    return undefined;
  }
  const at = durationOf(given);
  if (!at) draft.refuse('process.timer', element, given);
  return at;
}

const durations = new Map<string, ReminderAt | undefined>();

function durationOf(given: string): ReminderAt | undefined {
  if (!durations.has(given)) {
    if (durations.size > 500) durations.clear();
    durations.set(given, evaluateDuration(given));
  }
  return durations.get(given);
}

function evaluateDuration(given: string): ReminderAt | undefined {
  const source = given.startsWith('P') ? `duration("${given}")` : given.replace(/^=/, '');
  try {
    const value = evaluate(parseFeel(source, 'expression'), { limit: 1 });
    // FEEL may count in decimals
    const share = isDuration(value)
      ? undefined
      : typeof value === 'object' || typeof value === 'number'
        ? Number(value)
        : Number.NaN;
    if (share !== undefined && Number.isFinite(share) && share > 0) return { kind: 'fraction', value: share };
    const ms = isDuration(value) ? milliseconds(value) : undefined;
    if (ms !== undefined && ms > 0) return { kind: 'duration', ms };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
  }
  return undefined;
}

/** The timers on the border of a task that nothing follows. */
export function readReminders(
  borders: readonly ModdleElement[],
  limit: string | null,
  draft: Draft,
): readonly Reminder[] {
  const reminders: Reminder[] = [];
  for (const border of borders) {
    const code = text(border, 'wm:code');
    const at = readReminderAt(border, draft);
    if (!code) draft.refuse('process.reminderCode', border);
    else if (reminders.some((other) => other.code === code))
      draft.refuse('process.duplicateReminder', border, code);
    if (at?.kind === 'fraction' && limit === null) {
      draft.refuse('process.noLimit', border, 'a share of the limit, but the task has no wm:limit');
    }
    if (at && code) reminders.push({ code, at });
  }
  return reminders;
}

function readReminderAt(border: ModdleElement, draft: Draft): ReminderAt | undefined {
  if (border.get('cancelActivity') !== false) {
    draft.refuse('process.unsupported', border, 'an interrupting timer that nothing follows');
    return undefined;
  }
  for (const attribute of ['role', 'assign', 'form', 'when', 'at', 'limit']) {
    if (text(border, `wm:${attribute}`) !== undefined) {
      draft.refuse('process.misplaced', border, `wm:${attribute}`);
    }
  }
  return readDuration(border, list(border, 'eventDefinitions')[0]!, draft);
}
