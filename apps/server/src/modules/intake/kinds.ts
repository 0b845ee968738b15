import type { ReportInput } from '@wanmi/contracts';
import { problem } from '#platform/errors';
import { fieldError } from './fields.ts';

/** What becomes of a problem, and of what is none. */
const OF_PROBLEM: ReadonlySet<string> = new Set(['accept', 'sendVerify']);
const OF_OTHERS: ReadonlySet<string> = new Set(['answer', 'transferOut']);

type Asked = Pick<
  ReportInput,
  'kind' | 'decision' | 'answer' | 'transferTo' | 'selfHandled' | 'mediaIds' | 'afterMediaIds' | 'joinCaseId'
>;

/**
 * What may be asked with which kind of report, and by whom.
 * @throws permission.denied, validation.failed naming the field
 */
export function checkKind(role: string, asked: Asked): void {
  if (asked.decision !== undefined && role !== 'operator') throw problem('permission.denied');
  if (asked.selfHandled && role !== 'collector') throw problem('permission.denied');
  // Only a problem is ever the same as another one; a question has an answer of its own.
  if (asked.kind !== 'problem' && asked.joinCaseId !== undefined) {
    throw fieldError('/joinCaseId', 'notForKind');
  }
  checkDecision(asked);
  checkSelfHandled(asked);
}

function checkDecision({ kind, decision, answer, transferTo }: Asked): void {
  if (decision !== undefined && !(kind === 'problem' ? OF_PROBLEM : OF_OTHERS).has(decision)) {
    throw fieldError('/decision', 'notForKind');
  }
  if (decision === 'answer' && answer === undefined) throw fieldError('/answer', 'required');
  if (decision === 'transferOut' && transferTo === undefined) throw fieldError('/transferTo', 'required');
  if (transferTo !== undefined && decision !== 'transferOut') {
    throw fieldError('/transferTo', 'withoutDecision');
  }
  if (answer !== undefined && !OF_OTHERS.has(decision ?? '')) throw fieldError('/answer', 'withoutDecision');
}

/** 自行处理: what was there before and what is there now, both to be seen. */
function checkSelfHandled({ kind, selfHandled, mediaIds, afterMediaIds, joinCaseId }: Asked): void {
  if (!selfHandled) {
    if (afterMediaIds.length > 0) throw fieldError('/afterMediaIds', 'notSelfHandled');
    return;
  }
  if (kind !== 'problem') throw fieldError('/selfHandled', 'notForKind');
  if (joinCaseId !== undefined) throw fieldError('/joinCaseId', 'selfHandled');
  if (mediaIds.length === 0) throw fieldError('/mediaIds', 'required');
  if (afterMediaIds.length === 0) throw fieldError('/afterMediaIds', 'required');
  if (afterMediaIds.some((id) => mediaIds.includes(id))) throw fieldError('/afterMediaIds', 'sameAsBefore');
}

/** The same in the words of the action's own form, so that the log has one shape for a decision here and at a desk. */
export function decisionDataOf({
  decision,
  answer,
  transferTo,
}: Pick<Asked, 'decision' | 'answer' | 'transferTo'>): Record<string, unknown> | null {
  if (decision === 'answer') return { result: answer };
  if (decision === 'transferOut')
    return { to: transferTo, ...(answer === undefined ? {} : { note: answer }) };
  return null;
}
