import type { EventAssignment } from '@wanmi/contracts';
import { startClock } from '@wanmi/process';
import { LIVED, textHash, type HistoryCase, type HistoryEntry } from '#modules/cases';
import type { Place } from '#modules/grid';
import { uuidv7 } from '#platform/ids';
import { maskedForm } from '#platform/personal';
import type { RequestRow } from './row.ts';

export interface BuildFrame {
  readonly cityId: string;
  readonly batchId: string;
  readonly register: string;
  readonly casePrefix: string;
  /** The moment of the import: what is open and past its promise by then is late. */
  readonly now: number;
}

/** Whether it was on time by its dates: `none` was promised nothing, `running` may still be. */
export type Judgement = 'onTime' | 'late' | 'none' | 'running';

export function judge(
  row: Pick<RequestRow, 'dueAt' | 'closedAt' | 'respondedAt' | 'outcome'>,
  now: number,
): Judgement {
  if (row.dueAt === null) return 'none';
  if (row.outcome === null) return (row.respondedAt ?? now) > row.dueAt ? 'late' : 'running';
  return (row.respondedAt ?? row.closedAt!) > row.dueAt ? 'late' : 'onTime';
}

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
const MINUTE = 60_000;

const END_OF: Readonly<Record<Exclude<RequestRow['outcome'], null>, string>> = {
  closed: 'case.closed',
  declined: 'case.filingDeclined',
  rejected: 'case.rejected',
  voided: 'case.voided',
  answered: 'case.answered',
  transferred: 'case.transferredOut',
};
/** Ends of what was never filed. */
const UNFILED: ReadonlySet<string> = new Set(['declined', 'rejected', 'answered', 'transferred']);

/**
 * The life of a request as one of our cases: what the register knows, in the words of the log. Moments that it does
 * not know are those of the step before (filed when reported, dispatched when filed, answered when closed).
 */
export function historyOf(
  row: RequestRow,
  { cityId, batchId, register, casePrefix, now }: BuildFrame,
  { unitId, categoryId, place }: { unitId: string | null; categoryId: string | null; place: Place | null },
): HistoryCase {
  const { reportedAt, outcome, closedAt, dueAt } = row;
  const id = uuidv7(reportedAt);
  const at: Place = place ?? EMPTY;
  const { unitGridId, patrolGridId, districtId, streetId, communityId, grade } = at;
  const placed = { unitGridId, patrolGridId, districtId, streetId, communityId, grade };
  const report = {
    id: uuidv7(reportedAt),
    externalRef: `${register}:${row.sourceId}`,
    inputCrs: row.point ? row.crs : null,
  };
  const entries: HistoryEntry[] = [];
  let stage = row.kind === 'problem' ? 'accept' : 'answer';
  let from: string | null = null;
  const say = (type: string, moment: number, to: string, payload: HistoryEntry['payload']): void => {
    entries.push({ type, at: moment, author: null, from, to, payload });
    from = to;
    stage = to;
  };
  say('case.reported', reportedAt, stage, {
    report: {
      id: report.id,
      kind: row.kind,
      source: row.source,
      categoryId,
      assetId: null,
      postId: null,
      reportedAt: iso(reportedAt),
      textHash: textHash(row.description),
      joined: false,
    },
    place: placed,
    imported: { batchId, register, sourceId: row.sourceId },
  });

  const isFiled = row.kind === 'problem' && (row.filedAt !== null || !UNFILED.has(outcome ?? ''));
  const filedAt = isFiled ? (row.filedAt ?? reportedAt) : null;
  let assignment: EventAssignment | null = null;
  if (filedAt !== null) {
    say('case.filed', filedAt, 'dispatch', {});
    if (unitId !== null) {
      const dispatchedAt = row.dispatchedAt ?? filedAt;
      assignment = {
        id: uuidv7(dispatchedAt),
        unitId,
        crewId: null,
        state: 'dispatched',
        dispatchedAt: iso(dispatchedAt),
        dueAt: isoOrNull(dueAt),
        signedAt: null,
        respondedAt: null,
        passedAt: null,
        endedAt: null,
        failedCount: 0,
        overdue: false,
        // What was promised, counted in minutes that run day and night.
        limit: {
          value: dueAt === null ? 0 : Math.max(0, (dueAt - dispatchedAt) / MINUTE),
          unit: 'urgentMinute',
        },
        parentId: null,
        part: 'main',
        form: 'single',
        exempt: false,
        extensions: 0,
      };
      say('case.dispatched', dispatchedAt, 'dispose', { assignments: [assignment] });
      if (row.respondedAt !== null) {
        const overdue = dueAt !== null && row.respondedAt > dueAt;
        assignment = { ...assignment, state: 'responded', respondedAt: iso(row.respondedAt), overdue };
        say('assignment.responded', row.respondedAt, 'check', { assignments: [assignment] });
      } else if (outcome === null && dueAt !== null && dueAt < now) {
        assignment = { ...assignment, overdue: true };
        say('task.overdue', Math.max(dueAt, dispatchedAt), stage, { assignments: [assignment] });
      }
    }
  }
  if (outcome !== null) {
    const end = closedAt!;
    const isOnTime = dueAt === null || (row.respondedAt ?? end) <= dueAt;
    if (assignment) {
      const ended = { ...assignment, endedAt: iso(end) };
      assignment =
        outcome === 'closed'
          ? {
              ...ended,
              state: 'passed',
              respondedAt: assignment.respondedAt ?? iso(end),
              passedAt: iso(end),
              overdue: !isOnTime,
            }
          : { ...ended, state: 'withdrawn' };
    }
    say(END_OF[outcome], end, 'ended', {
      ...(assignment ? { assignments: [assignment] } : {}),
      ...(row.result === null ? {} : { data: maskedForm({ result: row.result }) }),
      outcome,
      ...(outcome === 'closed' ? { onTime: isOnTime } : {}),
    });
  }
  const hasReporter = row.reporterName !== null || row.reporterPhone !== null;
  return {
    id,
    cityId,
    caseNo: `${casePrefix}${row.sourceId}`,
    source: row.source,
    kind: row.kind,
    categoryId,
    conditionId: null,
    manualId: null,
    description: row.description,
    address: row.address,
    point: row.point,
    place: placed,
    departmentId: unitId !== null && assignment !== null ? unitId : null,
    collectorPostId: null,
    processId: '',
    tokens: LIVED,
    stage,
    outcome,
    reportedAt,
    filedAt,
    endedAt: outcome === null ? null : closedAt,
    report: {
      ...report,
      postId: null,
      receivedAt: reportedAt,
      reporter: hasReporter
        ? { id: uuidv7(reportedAt), name: row.reporterName, phone: row.reporterPhone }
        : null,
    },
    assignments:
      assignment === null
        ? []
        : [
            {
              fact: assignment,
              // No calendar of ours: what is published later does not move it.
              calendar: 'register',
              clock: startClock(Date.parse(assignment.dispatchedAt), assignment.limit),
            },
          ],
    entries,
  };
}

const EMPTY: Place = {
  unitGridId: null,
  patrolGridId: null,
  disposalGridId: null,
  districtId: null,
  streetId: null,
  communityId: null,
  grade: null,
};
