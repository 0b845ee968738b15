import type { PoolClient } from 'pg';
import { startProcess } from '@wanmi/process';
import { numberFor, processInForce } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { bigrams, normaliseText } from '#platform/bigrams';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { emptyWrites } from './command.ts';
import { applyEffects, surroundingsOf } from './effects.ts';
import { reportOf } from './opening.ts';
import { insertCase } from './repo.ts';
import type { ReportRow } from './rows.ts';
import { appendEvent, type CaseState } from './state.ts';
import { varsOf } from './vars.ts';

interface Words {
  description: string;
  address: string | null;
}

/**
 * 后续案卷: closing one condition files the next (a burst pipe: fence, repair, road). The new case lies where the old
 * one lay and waits to be filed against that condition; both know each other.
 */
export async function openFollowUp(
  client: PoolClient,
  platform: Platform,
  actor: Actor,
  from: CaseState,
  conditionId: string,
): Promise<{ id: string; caseNo: string }> {
  const at = platform.clock.now();
  const [around, process, found] = await Promise.all([
    surroundingsOf(platform, from.cityId),
    processInForce(platform, from.cityId, 'case'),
    client.query<Words>('select description, address from "case" where id = $1', [from.id]),
  ]);
  const words = found.rows[0];
  const condition = around.catalog.conditionById.get(conditionId);
  if (!words || !condition) throw problem('internal');
  const report: ReportRow = {
    id: uuidv7(at),
    kind: 'problem',
    source: from.source,
    externalRef: null,
    categoryId: condition.categoryId,
    description: words.description,
    address: words.address,
    point: from.point,
    inputCrs: null,
    accuracy: null,
    assetId: from.assetId,
    postId: actor.postId,
    reportedAt: at,
    receivedAt: at,
    reporter: null,
  };
  const state: CaseState = {
    ...from,
    id: uuidv7(at),
    caseNo: '',
    seq: 0,
    head: null,
    stage: 'file',
    outcome: null,
    kind: 'problem',
    categoryId: condition.categoryId,
    conditionId,
    manualId: null,
    departmentId: null,
    reportCount: 1,
    selfHandled: false,
    rating: null,
    mergedIntoId: null,
    processId: process.id,
    tokens: null,
    reportedAt: at,
    filedAt: null,
    endedAt: null,
  };
  const writes = emptyWrites();
  const { vars, itemVars } = varsOf({ catalog: around.catalog, state, more: { followUp: true } });
  const started = startProcess(process.graph, vars, { itemVars });
  const { unitGridId, patrolGridId, districtId, streetId, communityId, grade } = state;
  const payload = {
    report: reportOf(report, false),
    place: { unitGridId, patrolGridId, districtId, streetId, communityId, grade },
    link: { kind: 'followUp', caseId: from.id, caseNo: from.caseNo } as const,
  };
  await applyEffects(
    { platform, around, state, assignments: [], others: [], application: null, at, payload, writes },
    started,
  );
  writes.events.push(
    appendEvent(state, { type: 'case.reported', at, author: actor, from: null, to: state.stage, payload }),
  );
  const text = normaliseText([words.description, words.address].filter((part) => part !== null).join(' '));
  const number = numberFor(around.catalog, 'case', at);
  const caseNo = await insertCase(client, state, { number, text, bigrams: bigrams(text), report }, writes);
  await client.query(
    `insert into case_link (from_id, to_id, kind, city_id, at) values ($1, $2, 'followUp', $3, $4)`,
    [from.id, state.id, state.cityId, new Date(at)],
  );
  return { id: state.id, caseNo };
}
