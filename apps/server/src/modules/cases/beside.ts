import { sql } from 'kysely';
import type { Application, CaseLink, Mark } from '@wanmi/contracts';
import { postNames } from '#modules/org';
import type { Actor } from '#platform/actor';
import type { Db } from '#platform/pool';
import { ref, type Names } from './present.ts';
import { visibleCaseSql } from './scope.ts';

/** A case has few of each; what stands beside its line is shown whole. */
const MOST = 200;

/** 申请 of a case, the newest first. */
export async function applicationsOf(db: Db, caseId: string, names: Names): Promise<Application[]> {
  const { rows } = await sql<{
    id: string;
    kind: Application['kind'];
    state: Application['state'];
    assignment_id: string | null;
    asked_unit_id: string | null;
    asked_at: Date;
    decided_at: Date | null;
    level: number;
    levels: number;
    ask: Record<string, unknown>;
    granted: Record<string, unknown> | null;
  }>`/*= cases.applications */
    select id, kind, state, assignment_id, asked_unit_id, asked_at, decided_at, level, levels, ask, granted
    from application where case_id = ${caseId}::uuid order by id desc limit ${MOST}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: row.state,
    assignmentId: row.assignment_id,
    unit: ref(names.units.get(row.asked_unit_id ?? '')),
    askedAt: row.asked_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
    level: row.level,
    levels: row.levels,
    data: row.granted ? { ...row.ask, granted: row.granted } : row.ask,
  }));
}

/** 督办、催办、批示, the newest first. */
export async function marksOf(db: Db, caseId: string): Promise<Mark[]> {
  const { rows } = await sql<{
    id: string;
    kind: Mark['kind'];
    post_id: string;
    role: string;
    at: Date;
    due_at: Date | null;
    note: string | null;
  }>`/*= cases.marks */
    select m.id, m.kind, m.post_id, r.code as role, m.at, m.due_at, m.note
    from case_mark m join post p on p.id = m.post_id join role r on r.id = p.role_id
    where m.case_id = ${caseId}::uuid order by m.id desc limit ${MOST}`.execute(db);
  const names = await postNames(db, [...new Set(rows.map((row) => row.post_id))]);
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    at: row.at.toISOString(),
    dueAt: row.due_at?.toISOString() ?? null,
    by: { name: names.get(row.post_id)?.name ?? null, role: row.role as Mark['by']['role'] },
    note: row.note,
  }));
}

/** Cases that belong to it, as far as this actor may see them. */
export async function linksOf(db: Db, actor: Actor, caseId: string): Promise<CaseLink[]> {
  const { rows } = await sql<{
    kind: CaseLink['kind'];
    to: boolean;
    id: string;
    case_no: string;
    stage: string;
  }>`/*= cases.links */
    select l.kind, l.from_id = ${caseId}::uuid as "to", c.id, c.case_no, c.stage
    from case_link l join "case" c on c.id = case when l.from_id = ${caseId}::uuid then l.to_id else l.from_id end
    where (l.from_id = ${caseId}::uuid or l.to_id = ${caseId}::uuid) and ${visibleCaseSql(actor)}
    order by c.id desc limit ${MOST}`.execute(db);
  return rows.map(({ kind, to, id, case_no: caseNo, stage }) => ({ kind, to, id, caseNo, stage }));
}
