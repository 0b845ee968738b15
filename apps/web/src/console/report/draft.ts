import type { Point, ReportBody, ReportKind, Source } from '@wanmi/contracts';

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
  decision: 'accept' | 'sendVerify' | undefined;
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
  };
}

export const PHONE = /^[+\d][\d\- ]{4,19}$/;

export type DraftFault = 'description' | 'phone';

export function faultsOf(draft: Draft): DraftFault[] {
  const faults: DraftFault[] = [];
  if (draft.description.trim() === '') faults.push('description');
  if (draft.phone.trim() !== '' && !PHONE.test(draft.phone.trim())) faults.push('phone');
  return faults;
}

export function isDirty(draft: Draft): boolean {
  const texts = [draft.name, draft.phone, draft.description, draft.address];
  return texts.some((text) => text.trim() !== '') || draft.mediaIds.length > 0 || draft.point !== null;
}

export function toBody(draft: Draft): ReportBody {
  const name = draft.name.trim();
  const phone = draft.phone.trim();
  const address = draft.address.trim();
  return {
    kind: draft.kind,
    description: draft.description.trim(),
    mediaIds: draft.mediaIds,
    ...(draft.source ? { source: draft.source } : {}),
    ...(draft.categoryId ? { categoryId: draft.categoryId } : {}),
    ...(draft.point ? { position: draft.point } : {}),
    ...(address ? { address } : {}),
    ...(draft.assetId ? { assetId: draft.assetId } : {}),
    ...(name || phone
      ? { reporter: { ...(name ? { name } : {}), ...(phone ? { phone } : {}), wantsReply: draft.wantsReply } }
      : {}),
    ...(draft.joinCaseId ? { joinCaseId: draft.joinCaseId } : {}),
    // Who joins an open case decides nothing about it: it has been accepted already, or waits for that.
    ...(draft.decision && !draft.joinCaseId && draft.kind === 'problem' ? { decision: draft.decision } : {}),
  };
}
