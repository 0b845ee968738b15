import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uuidv7 } from './ids.ts';
import { workerPlatform } from './jobs-testing.ts';
import { clientConfig } from './pool.ts';
import { testDatabase, type TestDatabase } from './testing.ts';
import { SQL_DUE, countDue, createTimerLoop, type DueTimer, type TimerLoopOptions } from './timer-loop.ts';

const START = Date.UTC(2026, 2, 1, 1);
const city = uuidv7(START);
let t: TestDatabase;
let platform: ReturnType<typeof workerPlatform>;

beforeAll(async () => {
  t = await testDatabase({ max: 8 });
  await t.pool.query('create table fired (task_id uuid not null, fire text not null)');
  await t.pool.query(
    `insert into city (id, code, name, time_zone, created_at) values ($1, 'x', '{}', 'Asia/Shanghai', $2)`,
    [city, new Date(START)],
  );
  await t.pool.query(
    `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, created_at)
     values ($1, $1, 'process', 'case', 1, '', '', 'published', $2)`,
    [city, new Date(START)],
  );
});
afterAll(() => t.drop());
beforeEach(async () => {
  platform = workerPlatform(t, { start: START });
  await t.pool.query('truncate timer, fired');
});

async function addCase(): Promise<string> {
  const id = uuidv7(START);
  await t.pool.query(
    `insert into "case" (id, city_id, case_no, seq, head, stage, source, kind, description, process_id, tokens, reported_at)
     values ($1, $2, $1::uuid::text, 1, '', 'accept', 'collector', 'problem', '', $2, '{}', $3)`,
    [id, city, new Date(START)],
  );
  return id;
}

async function addTimer(inMs: number, fire = 'warn', caseId?: string): Promise<DueTimer> {
  const timer = {
    taskId: uuidv7(START),
    fire,
    cityId: city,
    caseId: caseId ?? (await addCase()),
    dueAt: new Date(START + inMs),
  };
  await t.pool.query(
    `insert into timer (task_id, fire, city_id, case_id, due_at) values ($1, $2, $3, $4, $5)`,
    [timer.taskId, timer.fire, timer.cityId, timer.caseId, timer.dueAt],
  );
  return timer;
}

/** Writes down that it fired and removes the timer. */
const fireAndRemove: TimerLoopOptions['fire'] = async (trx, { taskId, fire }) => {
  await trx.query('insert into fired (task_id, fire) values ($1, $2)', [taskId, fire]);
  await trx.query('delete from timer where task_id = $1 and fire = $2', [taskId, fire]);
};

async function fired(): Promise<string[]> {
  const { rows } = await t.pool.query<{ task_id: string }>('select task_id from fired order by task_id');
  return rows.map((row) => row.task_id);
}
const timers = async (): Promise<number> => (await t.pool.query('select 1 from timer')).rowCount!;

describe('timer loop', () => {
  test('fires what is due by the injected clock, the oldest first, and nothing else', async () => {
    const second = await addTimer(2000);
    const first = await addTimer(1000);
    const third = await addTimer(60_000);
    const order: string[] = [];
    const loop = createTimerLoop(platform, {
      fire: async (trx, timer) => {
        expect(timer.cityId).toBe(city);
        expect(timer.dueAt).toBeInstanceOf(Date);
        order.push(timer.taskId);
        await fireAndRemove(trx, timer);
      },
    });
    expect([await countDue(platform), await loop.drain()]).toEqual([0, 0]);
    platform.clock.advance(2000);
    expect(await countDue(platform)).toBe(2);
    expect(await loop.drain()).toBe(2);
    expect(order).toEqual([first.taskId, second.taskId]);
    platform.clock.advance(60_000);
    expect(await loop.drain()).toBe(1);
    expect(await fired()).toEqual([second.taskId, first.taskId, third.taskId].toSorted());
    expect(await timers()).toBe(0);
  });

  test('of one moment, what was opened first comes first, wherever its row lies', async () => {
    const made = [await addTimer(1000), await addTimer(1000), await addTimer(1000)];
    // Rewritten rows lie behind the others.
    await t.pool.query('update timer set since = $2 where task_id = $1', [made[0]!.taskId, new Date(START)]);
    await t.pool.query('update timer set since = $2 where task_id = $1', [made[1]!.taskId, new Date(START)]);
    const order: string[] = [];
    const loop = createTimerLoop(platform, {
      fire: async (trx, timer) => {
        order.push(timer.taskId);
        await fireAndRemove(trx, timer);
      },
    });
    platform.clock.advance(1000);
    await loop.drain();
    expect(order).toEqual(made.map((one) => one.taskId).toSorted());
  });

  test('a started loop sees that the clock was moved', async () => {
    const { taskId } = await addTimer(3_600_000);
    const loop = createTimerLoop(platform, { fire: fireAndRemove });
    loop.start();
    await sleep(50);
    expect(await fired()).toEqual([]);
    platform.clock.advance(3_600_000);
    loop.wake();
    await expect.poll(fired, { timeout: 900 }).toEqual([taskId]);
    await loop.stop();
  });

  test('one that re-arms itself fires again at its new time, and not before', async () => {
    const { taskId } = await addTimer(1000);
    const loop = createTimerLoop(platform, {
      fire: async (trx, timer) => {
        await trx.query('insert into fired (task_id, fire) values ($1, $2)', [taskId, timer.fire]);
        await trx.query('update timer set due_at = $2 where task_id = $1', [
          taskId,
          new Date(timer.dueAt.getTime() + 1000),
        ]);
      },
    });
    platform.clock.advance(1500);
    expect(await loop.drain()).toBe(1);
    platform.clock.advance(500);
    expect(await loop.drain()).toBe(1);
    expect(await fired()).toEqual([taskId, taskId]);
  });

  test('one that fails takes back what it wrote, rests, and stops no other', async () => {
    const bad = await addTimer(0);
    const good = await Promise.all(Array.from({ length: 5 }, () => addTimer(10)));
    let tries = 0;
    const loop = createTimerLoop(platform, {
      batch: 1, // it would fill every batch if it did not rest
      fire: async (trx, timer) => {
        await fireAndRemove(trx, timer);
        if (timer.taskId !== bad.taskId) return;
        tries += 1;
        throw new TypeError('cannot be fired');
      },
    });
    platform.clock.advance(10);
    expect(await loop.runOnce()).toBe(0);
    expect(await loop.drain()).toBe(5);
    expect(await fired()).toEqual(good.map((one) => one.taskId).toSorted());
    expect(await timers()).toBe(1);
    expect(tries).toBe(1);
    // After its rest it is tried again: what was wrong may have been put right.
    await sleep(2100);
    await loop.runOnce();
    expect(tries).toBe(2);
  });

  test('one that leaves its timer as it was counts as failed, and does not spin', async () => {
    await addTimer(0);
    const loop = createTimerLoop(platform, {
      fire: async (trx, { taskId, fire }) => {
        await trx.query('insert into fired (task_id, fire) values ($1, $2)', [taskId, fire]);
      },
    });
    expect(await loop.drain()).toBe(0);
    expect(await fired()).toEqual([]);
  });

  test('a case in work is left alone; its command may remove the timer', async () => {
    const { caseId, taskId } = await addTimer(0);
    const command = new pg.Client(clientConfig(t.connection));
    await command.connect();
    await command.query('begin');
    await command.query('update "case" set seq = seq + 1 where id = $1', [caseId]);
    const loop = createTimerLoop(platform, { fire: fireAndRemove });
    expect(await loop.drain()).toBe(0);
    // The loop holds nothing that the command waits for.
    await command.query('delete from timer where task_id = $1', [taskId]);
    await command.query('commit');
    await command.end();
    expect(await loop.drain()).toBe(0);
    expect(await fired()).toEqual([]);
  });

  test('two loops fire each timer once', async () => {
    const all = await Promise.all(Array.from({ length: 120 }, (_x, i) => addTimer(i % 7)));
    platform.clock.advance(10);
    const loops = [1, 2].map(() =>
      createTimerLoop(platform, {
        intervalMs: 10,
        batch: 20,
        fire: async (trx, timer) => {
          await fireAndRemove(trx, timer);
          await sleep(1);
        },
      }),
    );
    for (const loop of loops) loop.start();
    await expect.poll(timers, { timeout: 8000 }).toBe(0);
    await Promise.all(loops.map((loop) => loop.stop()));
    expect(await fired()).toEqual(all.map((one) => one.taskId).toSorted());
  });

  test('killed again and again, it fires each timer exactly once', async () => {
    const all = await Promise.all(Array.from({ length: 400 }, () => addTimer(0)));
    const script = path.join(import.meta.dirname, 'timer-loop.child.ts');
    const argument = JSON.stringify({ connection: t.connection, now: START });
    const children: ChildProcess[] = [];
    for (let kills = 0; kills < 4; kills += 1) {
      const before = (await fired()).length;
      const pair = [1, 2].map(() => fork(script, [argument], { stdio: 'inherit', execArgv: [] }));
      children.push(...pair);
      await expect
        .poll(() => fired().then((now) => now.length), { timeout: 30_000, interval: 5 })
        .toBeGreaterThan(before);
      for (const child of pair) child.kill('SIGKILL');
      await Promise.all(pair.map(async (child) => child.signalCode ?? once(child, 'exit')));
    }
    expect(children.every((child) => child.signalCode === 'SIGKILL')).toBe(true);
    const loop = createTimerLoop(platform, { fire: fireAndRemove });
    // A killed process's transaction lives until the server notices; its timers are busy until then.
    await expect.poll(() => loop.drain().then(timers), { timeout: 400_000 }).toBe(0);
    expect(await fired()).toEqual(all.map((one) => one.taskId).toSorted());
  }, 400_000);

  test('finds due timers by index, however many are not due', async () => {
    const caseId = await addCase();
    await t.pool.query(
      `insert into timer select gen_random_uuid(), 'warn', $1, $2, $3::timestamptz + g * interval '1 second'
         from generate_series(1, 20000) g`,
      [city, caseId, new Date(START)],
    );
    await t.pool.query('analyze timer');
    const { rows } = await t.pool.query<{ 'QUERY PLAN': string }>(`explain ${SQL_DUE}`, [
      new Date(START + 5000),
      [],
      [],
      100,
    ]);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Scan using timer_due/);
  });
});
