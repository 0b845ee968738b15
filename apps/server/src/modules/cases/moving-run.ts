import type { PoolClient } from 'pg';
import type { MoveProblem } from '@wanmi/contracts';
import { isTransient, startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { inTransaction } from '#platform/in-transaction';
import { movingOf } from './moving.ts';
import { moveOfCase, type CaseMove, type Moving } from './moving-case.ts';
import { Findings } from './moving-report.ts';
import { casesOn, endMove, runningMoves, type MoveRow } from './moving-repo.ts';
import { loadCases, writeCase } from './repo.ts';

const BATCH = 200;
const INTERVAL_MS = 1000;

/** Carries out what was begun, wherever it stopped: each case in a transaction of its own, with the progress. */
export async function runMoves(platform: Platform): Promise<void> {
  for (const row of await runningMoves(platform.db)) await runMove(platform, row);
}

async function runMove(platform: Platform, row: MoveRow): Promise<void> {
  const moving = await movingOf(platform, row.city_id, {
    fromId: row.from_id,
    toId: row.to_id,
    map: row.map,
  });
  let after = row.reached;
  for (;;) {
    const ids = await casesOn(platform.db, row.from_id, after, BATCH);
    if (ids.length === 0) break;
    for (const id of ids) {
      const goesOn = await inTransaction(platform, (trx) => moveNext(moving, trx, row.id, id));
      if (!goesOn) return;
    }
    after = ids.at(-1)!;
  }
  await endMove(platform.db, row.id, 'done', platform.clock.now());
}

/** The move's row first, so that two workers share the cases; then the case. False: it was stopped. */
async function moveNext(moving: Moving, trx: PoolClient, moveId: string, caseId: string): Promise<boolean> {
  const { rows } = await trx.query<Pick<MoveRow, 'state' | 'reached' | 'problems'>>(
    'select state, reached, problems from process_move where id = $1 for update',
    [moveId],
  );
  const move = rows[0];
  if (move?.state !== 'running') return false;
  if (move.reached !== null && move.reached >= caseId) return true;
  const held = await trx.query(
    'select 1 from "case" where id = $1 and process_id = $2 and ended_at is null for no key update',
    [caseId, moving.fromId],
  );
  const problems = new Findings<MoveProblem['code']>(move.problems);
  let moved = 0;
  let stayed = 0;
  if (held.rowCount === 1) {
    const result = await moveOne(moving, trx, caseId);
    if (result === 'moved') moved = 1;
    else {
      stayed = 1;
      problems.add(result.problems, result.example);
    }
  }
  await trx.query(
    `update process_move set reached = $2, moved = moved + $3, stayed = stayed + $4, problems = $5::jsonb
      where id = $1`,
    [moveId, caseId, moved, stayed, JSON.stringify(problems.list())],
  );
  return true;
}

interface Stayed {
  readonly problems: readonly { code: MoveProblem['code']; node: string | null; to: string | null }[];
  readonly example: { readonly id: string; readonly caseNo: string };
}

async function moveOne(moving: Moving, trx: PoolClient, caseId: string): Promise<'moved' | Stayed> {
  const { platform, cityId } = moving;
  const [loaded] = await loadCases(trx, [caseId], cityId);
  const example = { id: caseId, caseNo: loaded!.state.caseNo };
  let move: CaseMove;
  try {
    move = await moveOfCase(moving, loaded!, platform.clock.now());
  } catch (error) {
    // One case that cannot be moved stops no other one; nothing of it was written yet.
    if (isTransient(error)) throw error;
    platform.log.error({ err: error, caseId }, 'a case could not be moved');
    return { problems: [{ code: 'failed', node: null, to: null }], example };
  }
  if (!move.state) return { problems: move.problems, example };
  await writeCase(trx, loaded!.state.seq, move.state, null, move.writes);
  await trx.query('update "case" set process_id = $2 where id = $1', [caseId, moving.toId]);
  if (move.renamed.length > 0) {
    await trx.query(
      `update task set node = x.node from jsonb_to_recordset($2::jsonb) as x(id uuid, node text)
        where task.id = x.id and task.case_id = $1`,
      [caseId, JSON.stringify(move.renamed)],
    );
  }
  return 'moved';
}

/** Looks for moves that were begun, and for those that a killed worker left. */
export function movingLoop(platform: Platform): { start(): void; wake(): void; stop(): Promise<void> } {
  let loop: Loop | null = null;
  return {
    start() {
      loop ??= startLoop(platform.log, 'moving', async () => {
        await runMoves(platform);
        return INTERVAL_MS;
      });
    },
    wake: () => loop?.wake(),
    async stop() {
      await loop?.stop();
      loop = null;
    },
  };
}
