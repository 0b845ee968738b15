import type { EventBody, MessageKind, Told } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';
import { problem } from '#platform/errors';
import { caseStanding, insertMessages, loadJoins, listMessages, type NewMessage } from './told-repo.ts';

const KIND_OF_TYPE: Readonly<Record<string, MessageKind>> = {
  'case.accepted': 'accepted',
  'case.filed': 'filed',
  'case.reopened': 'reopened',
  'case.unmerged': 'unmerged',
};

/** What the reporters of a case are told by an entry of its log; null for what is of no concern to them. */
export function messageKind({ type, payload }: EventBody): MessageKind | null {
  // Whose report joins a case that is there has been accepted with it.
  if (type === 'case.reportJoined') return 'accepted';
  return payload.outcome ?? KIND_OF_TYPE[type] ?? null;
}

/**
 * Writes what each report's reporter is to be told, once per entry: for all reports that the case had then, those of
 * the cases that had been merged into it too.
 */
export async function tellReporters(trx: Trx, events: readonly EventBody[]): Promise<void> {
  const telling = events.flatMap((event) => {
    const kind = messageKind(event);
    return kind === null ? [] : [{ event, kind }];
  });
  if (telling.length === 0) return;
  const family = await families(
    trx,
    telling.map(({ event }) => event),
  );
  const messages: NewMessage[] = telling.map(({ event, kind }) => ({
    caseId: event.caseId,
    seq: event.seq,
    cityId: event.cityId,
    kind,
    at: event.at,
    caseIds: [...family(event)],
    reportId: event.type === 'case.reportJoined' ? (event.payload.report?.id ?? null) : null,
  }));
  await insertMessages(trx, messages);
}

/** For each entry, the case and all that had been merged into it by then, as their logs say it. */
async function families(trx: Trx, events: readonly EventBody[]): Promise<(event: EventBody) => Set<string>> {
  const joins = new Map<string, Awaited<ReturnType<typeof loadJoins>>>();
  for (let ask = new Set(events.map((event) => event.caseId)); ask.size > 0;) {
    const found = await loadJoins(trx, [...ask]);
    for (const id of ask) {
      joins.set(
        id,
        found.filter((one) => one.caseId === id),
      );
    }
    ask = new Set(found.map((one) => one.otherId).filter((id) => !joins.has(id)));
  }
  return (event) => {
    const until = Date.parse(event.at);
    const all = new Set([event.caseId]);
    for (const id of all) {
      const own = (joins.get(id) ?? []).filter((one) =>
        // In the case's own log the order is certain; elsewhere time has to do.
        one.caseId === event.caseId ? one.seq <= event.seq : one.at.getTime() <= until,
      );
      const members = new Set<string>();
      for (const one of own) {
        if (one.merged) members.add(one.otherId);
        else members.delete(one.otherId);
      }
      for (const member of members) all.add(member);
    }
    return all;
  };
}

/** What the reporters of a case were told; the caller may see the case. @throws notFound */
export async function toldOf(db: Db, caseId: string): Promise<Told> {
  const standing = await caseStanding(db, caseId);
  if (!standing) throw problem('notFound');
  const rows = await listMessages(db, caseId);
  const { outcome, filedAt } = standing;
  const knows = (row: (typeof rows)[number]): boolean => {
    const own = row.messages.filter((message) => message.caseId === caseId);
    if (outcome !== null) return own.at(-1)?.kind === outcome;
    if (filedAt === null) return true;
    // Filed before it was brought in: that it was accepted says as much.
    return own.some((message) => message.kind === 'filed' || row.receivedAt > filedAt);
  };
  return {
    everybody: rows.every((row) => knows(row)),
    items: rows.map(({ id, kind, source, reportedAt, caseId: ownCase, caseNo, messages }) => ({
      report: { id, kind, source, reportedAt: reportedAt.toISOString(), caseId: ownCase, caseNo },
      messages: messages.map((message) => ({
        kind: message.kind,
        at: new Date(message.at).toISOString(),
        channel: message.channel,
        state: message.state,
      })),
    })),
  };
}
