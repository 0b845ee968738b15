import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileProcess, nodeOf, type Graph } from '@wanmi/process';
import type { CaseDetail } from '@wanmi/contracts';
import { invalidateCatalog, processInForce } from '#modules/catalog';
import { uuidv7 } from '#platform/ids';
import { desk, type Desk } from '#testing/desk';
import { tellPublished } from './app.ts';
import { readCalled, readRule } from './modules/catalog/repo.ts';
import { applyVersions } from './modules/publishing/apply.ts';
import { tellCalendars } from './modules/publishing/recompute.ts';
import { readRuleFolder } from './modules/publishing/rule-set.ts';
import { rulesOf, type VersionedRule } from './modules/publishing/rules.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../config');
const DRAWING = readFileSync(path.join(CONFIG, 'process/application.bpmn'), 'utf8');

let d: Desk;
let rules: readonly VersionedRule[];
beforeAll(async () => {
  d = await desk();
  rules = rulesOf(await readRuleFolder(CONFIG)).versioned;
});
afterAll(() => d.w.close());

/** Publishes the shipped rules with another drawing of what decides applications. */
async function publish(change: (content: string) => string | null): Promise<void> {
  const { platform, cityId } = d.w;
  // virtual time stands: two publications may fall into one millisecond
  const versioned = rules.flatMap((rule) => {
    if (rule.kind !== 'process' || rule.code !== 'application') return [rule];
    const content = change(rule.content);
    return content === null ? [] : [{ ...rule, content }];
  });
  await platform.db
    .transaction()
    .execute((trx) =>
      applyVersions({ trx, cityId, at: platform.clock.now(), reason: 'test', postId: null }, versioned),
    );
  invalidateCatalog(platform, cityId);
}

/** As another process, or this one after a restart, compiles a version. */
async function compiled(id: string): Promise<Graph> {
  const { db } = d.w.platform;
  const rule = (await readRule(db, id))!;
  return compileProcess(rule.content, { calls: (code) => readCalled(db, rule, code) });
}

async function asks(caseId: string): Promise<string[]> {
  const open = await d.openTask('department2', caseId);
  const done = await d.call('department2', 'POST', `/tasks/${open.id}/actions/applyExtend`, {
    data: { reason: 'weather', value: 1, unit: 'urgentHour' },
  });
  expect(done.status, JSON.stringify(done.body)).toBe(200);
  const { body } = await d.call<CaseDetail>('leader', 'GET', `/cases/${caseId}`);
  return body.tasks.filter(({ step }) => step === 'approve').map(({ role }) => role);
}

const pinned = async (caseId: string): Promise<string> => {
  const { rows } = await d.w.platform.pool.query<{ id: string }>(
    'select process_id as id from "case" where id = $1',
    [caseId],
  );
  return rows[0]!.id;
};
const deciderIn = (graph: Graph) => {
  const node = nodeOf(graph, 'extendingDecide.first');
  return node?.kind === 'task' ? node.role : undefined;
};
const decidedBy = (role: string) => (content: string) =>
  content.replace('wm:role="dispatcher"', `wm:role="${role}"`);

test('a case that runs keeps the called process that it began with; a new one has the new', async () => {
  const { platform, cityId } = d.w;
  const old = await d.dispatched();
  await d.act('department2', old.id, 'sign');
  const before = await processInForce(platform, cityId, 'case');

  await publish(decidedBy('leader'));
  const second = await processInForce(platform, cityId, 'case');
  expect(second).toMatchObject({ version: before.version + 1 });
  const fresh = await d.dispatched();
  await d.act('department2', fresh.id, 'sign');
  await publish(decidedBy('shiftLeader'));

  expect([await pinned(old.id), await pinned(fresh.id)]).toEqual([before.id, second.id]);
  expect(await asks(old.id)).toEqual(['dispatcher']);
  expect(await asks(fresh.id)).toEqual(['leader']);
  const third = await processInForce(platform, cityId, 'case');
  const versions = [before.id, second.id, third.id];
  const deciders = async () => (await Promise.all(versions.map(compiled))).map(deciderIn);
  expect(await deciders()).toEqual(['dispatcher', 'leader', 'shiftLeader']);

  // What is no longer called by anything in force is still called by the cases that run.
  const { rowCount } = await platform.pool.query(
    `update rule_version set state = 'retired' where city_id = $1 and kind = 'process' and code = 'application'`,
    [cityId],
  );
  expect(rowCount).toBe(3);
  expect(await deciders()).toEqual(['dispatcher', 'leader', 'shiftLeader']);
});

test('a calendar that is published moves what is open, and is then heard of', async () => {
  const { platform, cityId } = d.w;
  const { case: made } = await d.report();
  const dueOf = async () =>
    (await platform.pool.query<{ at: Date }>('select due_at as at from task where case_id = $1', [made.id]))
      .rows[0]!.at;
  const before = await dueOf();
  const today = new Date(platform.clock.now()).toISOString().slice(0, 10);
  const off = { from: today, to: today, name: { 'zh-CN': '临时', en: 'Off' } };
  const versioned = rules.map((rule) => {
    if (rule.kind !== 'calendar' || rule.code !== 'centre') return rule;
    return { ...rule, content: JSON.stringify({ ...JSON.parse(rule.content), holidays: [off] }) };
  });
  const at = platform.clock.now();
  await platform.db.transaction().execute(async (trx) => {
    const codes = await applyVersions({ trx, cityId, at, reason: 'test', postId: null }, versioned);
    expect(codes).toEqual(['centre']);
    await sql`
      insert into publication (id, city_id, version, state, reason, effective_at, published_at, archive, hash, files,
        recompute)
      values (${uuidv7(at)}, ${cityId}, 1, 'inForce', 'test', ${new Date(at)}, ${new Date(at)}, '', '', 0,
        ${codes}::text[])`.execute(trx);
  });
  tellPublished();
  await tellCalendars(platform);
  expect((await dueOf()).getTime() - before.getTime()).toBeGreaterThan(12 * 3_600_000);
  const { rows } = await platform.pool.query('select recompute from publication');
  expect(rows).toEqual([{ recompute: null }]);
});

test('the drawing that the test changes is the shipped one', () => {
  expect(decidedBy('leader')(DRAWING)).not.toBe(DRAWING);
});
