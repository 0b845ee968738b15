import { createHash } from 'node:crypto';
import type { EventAssignment, EventBody, EventPayload } from '@wanmi/contracts';
import { bigrams, normaliseText } from '#platform/bigrams';
import { canonicalJson, chainHash } from '#platform/canonical';
import type { CopyLot, CopyValue } from '#platform/copy';
import type { Place } from './open.ts';
import { LOG_ALGORITHM, type Author } from './state.ts';

/** One entry of the log of a case that is written whole. */
export interface HistoryEntry {
  readonly type: string;
  readonly at: number;
  readonly author: Author | null;
  readonly from: string | null;
  readonly to: string;
  readonly payload: EventPayload;
}

/** Its first report, beside what the case itself says. */
export interface HistoryReport {
  readonly id: string;
  readonly externalRef: string | null;
  readonly inputCrs: string | null;
  readonly postId: string | null;
  readonly receivedAt: number;
  readonly reporter: {
    readonly id: string;
    readonly name: string | null;
    readonly phone: string | null;
  } | null;
}

/** An assignment as its last entry says, and how its limit was counted. */
export interface HistoryAssignment {
  readonly fact: EventAssignment;
  readonly calendar: string;
  readonly clock: object;
}

/** A case that has been lived elsewhere: its rows and its log are written in one go, and nobody is told. */
export interface HistoryCase {
  readonly id: string;
  readonly cityId: string;
  readonly caseNo: string;
  readonly source: string;
  readonly kind: string;
  readonly categoryId: string | null;
  readonly conditionId: string | null;
  readonly manualId: string | null;
  readonly description: string;
  readonly address: string | null;
  readonly point: { readonly lon: number; readonly lat: number } | null;
  readonly place: Place;
  readonly departmentId: string | null;
  readonly collectorPostId: string | null;
  readonly processId: string;
  /** Where its process stands; `LIVED` where nothing runs. */
  readonly tokens: object;
  readonly stage: string;
  readonly outcome: string | null;
  readonly reportedAt: number;
  readonly filedAt: number | null;
  readonly endedAt: number | null;
  readonly report: HistoryReport;
  readonly assignments: readonly HistoryAssignment[];
  readonly entries: readonly HistoryEntry[];
}

/** A process in which nothing stands: no task, no timer, nothing that could be sent. */
export const LIVED = { t: [], n: 0 } as const;

export const textHash = (description: string): string =>
  createHash('sha256').update(description).digest('hex');

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** SRID 4326 point as EWKB in hex: what PostGIS reads fastest. */
function ewkb({ lon, lat }: { lon: number; lat: number }): string {
  const bytes = Buffer.allocUnsafe(25);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt32LE(0x20000001, 1);
  bytes.writeUInt32LE(4326, 5);
  bytes.writeDoubleLE(lon, 9);
  bytes.writeDoubleLE(lat, 17);
  return bytes.toString('hex');
}

const EVENT = [
  'case_id',
  'seq',
  'city_id',
  'type',
  'at',
  'post_id',
  'person_id',
  'body',
  'hash',
  'algorithm',
];
const CASE = [
  'id',
  'city_id',
  'case_no',
  'seq',
  'head',
  'stage',
  'outcome',
  'source',
  'kind',
  'category_id',
  'condition_id',
  'manual_id',
  'description',
  'address',
  'geom',
  'unit_grid_id',
  'patrol_grid_id',
  'district_id',
  'street_id',
  'community_id',
  'grade',
  'department_id',
  'collector_post_id',
  'process_id',
  'tokens',
  'reported_at',
  'filed_at',
  'ended_at',
];
const REPORT = [
  'id',
  'city_id',
  'case_id',
  'kind',
  'source',
  'external_ref',
  'category_id',
  'description',
  'address',
  'geom',
  'input_crs',
  'reporter_id',
  'post_id',
  'reported_at',
  'received_at',
  'street_id',
  'community_id',
  'patrol_grid_id',
];
const ASSIGNMENT = [
  'id',
  'city_id',
  'case_id',
  'unit_id',
  'crew_id',
  'parent_id',
  'part',
  'form',
  'state',
  'limit_value',
  'limit_unit',
  'calendar',
  'clock',
  'dispatched_at',
  'due_at',
  'signed_at',
  'responded_at',
  'passed_at',
  'ended_at',
  'failed_count',
  'extensions',
  'overdue',
  'exempt',
];

const TEXT = ['case_id', 'city_id', 'text', 'bigrams'];
const REPORTER = ['id', 'city_id', 'name', 'phone', 'wants_reply', 'created_at'];

/**
 * Adds cases with their reports, search words, assignments and whole logs to what is written in one go. Answers with
 * the entries, for the facts; there is no outbox row, task or timer. Partitions of their months must be there.
 */
export function addHistory(lot: CopyLot, cases: readonly HistoryCase[]): EventBody[] {
  const bodies: EventBody[] = [];
  const events: CopyValue[][] = [];
  const rows: CopyValue[][] = [];
  for (const one of cases) {
    let head: Buffer | null = null;
    let seq = 0;
    for (const { type, at, author, from, to, payload } of one.entries) {
      seq += 1;
      const body: EventBody = {
        v: 1,
        cityId: one.cityId,
        caseId: one.id,
        seq,
        type,
        at: iso(at),
        personId: author?.personId ?? null,
        postId: author?.postId ?? null,
        unitId: author?.unitId ?? null,
        role: (author?.role ?? null) as EventBody['role'],
        from,
        to,
        payload,
      };
      const text = canonicalJson(body);
      head = chainHash(head, text, LOG_ALGORITHM);
      bodies.push(body);
      events.push([
        one.id,
        seq,
        one.cityId,
        type,
        body.at,
        body.postId,
        body.personId,
        text,
        head,
        LOG_ALGORITHM,
      ]);
    }
    rows.push(caseRow(one, seq, head!));
  }
  lot.add('"case"', CASE, rows);
  lot.add('case_text', TEXT, cases.map(textRow));
  lot.add('reporter', REPORTER, cases.flatMap(reporterRows));
  lot.add('report', REPORT, cases.map(reportRow));
  lot.add('assignment', ASSIGNMENT, cases.flatMap(assignmentRows));
  lot.add('case_event', EVENT, events);
  return bodies;
}

function caseRow(one: HistoryCase, seq: number, head: Buffer): CopyValue[] {
  const { place, point } = one;
  return [
    one.id,
    one.cityId,
    one.caseNo,
    seq,
    head,
    one.stage,
    one.outcome,
    one.source,
    one.kind,
    one.categoryId,
    one.conditionId,
    one.manualId,
    one.description,
    one.address,
    point === null ? null : ewkb(point),
    place.unitGridId,
    place.patrolGridId,
    place.districtId,
    place.streetId,
    place.communityId,
    place.grade,
    one.departmentId,
    one.collectorPostId,
    one.processId,
    JSON.stringify(one.tokens),
    iso(one.reportedAt),
    isoOrNull(one.filedAt),
    isoOrNull(one.endedAt),
  ];
}

function textRow(one: HistoryCase): CopyValue[] {
  const text = normaliseText([one.description, one.address].filter((part) => part !== null).join(' '));
  return [one.id, one.cityId, text, bigrams(text)];
}

function reporterRows({ cityId, report: { reporter, receivedAt } }: HistoryCase): CopyValue[][] {
  return reporter ? [[reporter.id, cityId, reporter.name, reporter.phone, false, iso(receivedAt)]] : [];
}

function reportRow(one: HistoryCase): CopyValue[] {
  const { report, place, point } = one;
  return [
    report.id,
    one.cityId,
    one.id,
    one.kind,
    one.source,
    report.externalRef,
    one.categoryId,
    one.description,
    one.address,
    point === null ? null : ewkb(point),
    report.inputCrs,
    report.reporter?.id ?? null,
    report.postId,
    iso(one.reportedAt),
    iso(report.receivedAt),
    place.streetId,
    place.communityId,
    place.patrolGridId,
  ];
}

function assignmentRows({ id, cityId, assignments }: HistoryCase): CopyValue[][] {
  return assignments.map(({ fact, calendar, clock }) => [
    fact.id,
    cityId,
    id,
    fact.unitId,
    fact.crewId,
    fact.parentId ?? null,
    fact.part ?? 'main',
    fact.form ?? 'single',
    fact.state,
    fact.limit.value,
    fact.limit.unit,
    calendar,
    JSON.stringify(clock),
    fact.dispatchedAt,
    fact.dueAt,
    fact.signedAt,
    fact.respondedAt,
    fact.passedAt,
    fact.endedAt,
    fact.failedCount,
    fact.extensions ?? 0,
    fact.overdue,
    fact.exempt ?? false,
  ]);
}
