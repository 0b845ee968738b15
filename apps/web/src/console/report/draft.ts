import type { Point, ReportBody, ReportKind, Source } from '@wanmi/contracts';

export type Choice = NonNullable<ReportBody['decision']>;

/** What is typed while somebody is on the telephone; kept in memory only, it holds personal data. */
export interface Draft {
  kind: ReportKind;
  source: Source | undefined;
  name: string;
  phone: string;
  wantsReply: boolean;
  description: string;
  categoryId: string | undefined;
  address: string;
  point: Point | null;
  assetId: string | undefined;
  mediaIds: string[];
  joinCaseId: string | undefined;
  decision: Choice | undefined;
  /** What the caller was told, where the answer is given at once. */
  answer: string;
  /** The collector has fixed it: photos of before and of after. */
  selfHandled: boolean;
  afterMediaIds: string[];
}

export function emptyDraft(source: Source | undefined, decision: Draft['decision']): Draft {
  return {
    kind: 'problem',
    source,
    name: '',
    phone: '',
    wantsReply: false,
    description: '',
    categoryId: undefined,
    address: '',
    point: null,
    assetId: undefined,
    mediaIds: [],
    joinCaseId: undefined,
    decision,
    answer: '',
    selfHandled: false,
    afterMediaIds: [],
  };
}

/** A problem is accepted or verified; whatever else is said to us is answered at once or passed on. */
export function decisionsOf(kind: ReportKind): Choice[] {
  return kind === 'problem' ? ['accept', 'sendVerify'] : ['answer', 'transferOut'];
}

/** Another kind asks for another decision; who left it for later still does. */
export function withKind(draft: Draft, kind: ReportKind): Draft {
  const fits = draft.decision === undefined || decisionsOf(kind).includes(draft.decision);
  return { ...draft, kind, decision: fits ? draft.decision : decisionsOf(kind)[0] };
}

export const PHONE = /^[+\d][\d\- ]{4,19}$/;

export type DraftFault = 'description' | 'phone' | 'category' | 'point' | 'answer' | 'media' | 'after';

/** `onTheSpot`: who saw it there knows what and where it is, as an enforcement unit does of its own find. */
export function faultsOf(draft: Draft, { onTheSpot = false } = {}): DraftFault[] {
  const faults: DraftFault[] = [];
  const { kind, decision } = draft;
  if (draft.phone.trim() !== '' && !PHONE.test(draft.phone.trim())) faults.push('phone');
  if (draft.description.trim() === '') faults.push('description');
  if (onTheSpot && draft.categoryId === undefined) faults.push('category');
  if (onTheSpot && draft.point === null && draft.assetId === undefined) faults.push('point');
  if (fixed(draft) && draft.mediaIds.length === 0) faults.push('media');
  if (fixed(draft) && draft.afterMediaIds.length === 0) faults.push('after');
  if (kind !== 'problem' && decision === 'answer' && draft.answer.trim() === '') faults.push('answer');
  return faults;
}

export function isDirty(draft: Draft): boolean {
  const texts = [draft.name, draft.phone, draft.description, draft.address, draft.answer];
  const media = [...draft.mediaIds, ...draft.afterMediaIds];
  return texts.some((text) => text.trim() !== '') || media.length > 0 || draft.point !== null;
}

/** What was fixed on the spot is a case of its own: it joins no other. */
const fixed = ({ kind, selfHandled }: Draft) => kind === 'problem' && selfHandled;

export function toBody(draft: Draft): ReportBody {
  const name = draft.name.trim();
  const phone = draft.phone.trim();
  const address = draft.address.trim();
  const answer = draft.answer.trim();
  const problem = draft.kind === 'problem';
  const joined = problem && !fixed(draft) ? draft.joinCaseId : undefined;
  const { decision } = draft;
  return {
    kind: draft.kind,
    description: draft.description.trim(),
    mediaIds: draft.mediaIds,
    ...(draft.source ? { source: draft.source } : {}),
    ...(problem && draft.categoryId ? { categoryId: draft.categoryId } : {}),
    ...(draft.point ? { position: draft.point } : {}),
    ...(address ? { address } : {}),
    ...(problem && draft.assetId ? { assetId: draft.assetId } : {}),
    ...(name || phone
      ? { reporter: { ...(name ? { name } : {}), ...(phone ? { phone } : {}), wantsReply: draft.wantsReply } }
      : {}),
    ...(joined ? { joinCaseId: joined } : {}),
    // Who joins an open case decides nothing about it: it has been accepted already, or waits for that.
    ...(decision && !joined && !fixed(draft) && decisionsOf(draft.kind).includes(decision)
      ? { decision, ...(!problem && answer ? { answer } : {}) }
      : {}),
    ...(fixed(draft) ? { selfHandled: true, afterMediaIds: draft.afterMediaIds } : {}),
  };
}
