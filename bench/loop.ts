import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { uuidv7 } from '../apps/server/src/platform/ids.ts';
import { RawClient, type Reply } from './client.ts';
import { calibrate, cpuOf, familyOf, machineCpu, median, percentile } from './machine.ts';
import { TEXTS } from './history.ts';
import type { BenchOptions, Figure } from './run.ts';
import { startBenchServer, type BenchServer } from './server.ts';

/**
 * Full life cycles a second through HTTP: report, confirm, file, dispatch, sign, respond, pass, close; each call
 * authorized, validated, stepped, logged, audited, committed (fsync and synchronous commit on), with the worker
 * running beside it. The reference in the same run: a bare client that does as many transactions, each one case
 * update, one event, one outbox row. Load generator, server and PostgreSQL share the machine.
 */
export async function bench(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const pgPerCall: number[] = [];
  for (const size of options.sizes) {
    const server = await startBenchServer(options, size);
    try {
      const { cycles, bare, pgMs, lines } = await measure(server, options);
      lines.forEach((line) => options.log(line));
      pgPerCall.push(pgMs);
      const name =
        size >= 1_000_000 ? `lifecycles_${size / 1_000_000}m` : `lifecycles_${Math.round(size / 1000)}k`;
      figures.push({
        name,
        value: cycles,
        unit: '1/s',
        reference: bare,
        ratio: cycles / bare,
        goal: 150,
        note: 'reference: bare client, same number of transactions',
      });
      figures.push({ name: `${name}_pg_cpu_per_call`, value: pgMs, unit: 'ms' });
    } finally {
      await server.stop();
    }
  }
  if (pgPerCall.length > 1) {
    const growth = pgPerCall.at(-1)! / pgPerCall[0]!;
    figures.push({ name: 'pg_cpu_growth', value: growth, unit: 'ratio', goal: 1.3 });
  }
  return figures;
}

interface Run {
  rate: number;
  pgMs: number;
  nodeMs: number;
  clientMs: number;
  p50: number;
  p99: number;
  steal: number;
  other: number;
  wal: number;
  transactions: number;
}

const CALLS = 8;
/** Until each connection has planned its statements, the server's code is compiled, and pages are in the log once. */
const WARM_SECONDS = 20;

async function measure(server: BenchServer, options: BenchOptions) {
  const lines: string[] = [];
  const runs: Run[] = [];
  const bares: Run[] = [];
  await cycles(server, options, WARM_SECONDS);
  await server.settled();
  if (options.statements) {
    await server.statements(1);
    const { cycles: n } = await cycles(server, options, options.seconds);
    lines.push('statements by time, of one life cycle:', ...(await server.statements(n)));
  }
  await bareRun(server, options, 1);
  for (let pair = 0; pair < options.pairs; pair += 1) {
    const speed = calibrate();
    const run = await timed(server, () => cycles(server, options, options.seconds));
    await server.settled();
    const bare = await timed(server, () => bareRun(server, options, options.seconds));
    runs.push(run);
    bares.push(bare);
    lines.push(
      `pair ${pair + 1}: ${run.rate.toFixed(1)} life cycles/s (bare ${bare.rate.toFixed(1)}), ` +
        `p50 ${run.p50.toFixed(1)} p99 ${run.p99.toFixed(1)} ms a call; CPU ms/call node ${run.nodeMs.toFixed(2)} ` +
        `pg ${run.pgMs.toFixed(2)} client ${run.clientMs.toFixed(2)} (bare pg ${bare.pgMs.toFixed(2)}); ` +
        `${run.transactions.toFixed(1)} transactions and ${Math.round(run.wal / 1024)} KiB of WAL a life cycle; ` +
        `steal ${(run.steal * 100).toFixed(1)} %, other CPU ${(run.other * 100).toFixed(1)} %, calibration ${speed}`,
    );
  }
  return {
    cycles: median(runs.map((r) => r.rate)),
    bare: median(bares.map((r) => r.rate)),
    pgMs: median(runs.map((r) => r.pgMs)),
    lines,
  };
}

async function timed(
  server: BenchServer,
  work: () => Promise<{ cycles: number; took: number; latencies: number[] }>,
): Promise<Run> {
  const before = { machine: machineCpu(), wal: await server.walAndTransactions(), ...cpu(server) };
  const { cycles: n, took, latencies } = await work();
  const after = { machine: machineCpu(), wal: await server.walAndTransactions(), ...cpu(server) };
  const calls = Math.max(1, n * CALLS);
  const pgMs = after.pg - before.pg;
  const nodeMs = after.node - before.node;
  const clientMs = after.client - before.client;
  const busy = after.machine.busy - before.machine.busy;
  const total = after.machine.total - before.machine.total;
  latencies.sort((a, b) => a - b);
  return {
    rate: (n / took) * 1000,
    pgMs: pgMs / calls,
    nodeMs: nodeMs / calls,
    clientMs: clientMs / calls,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    steal: (after.machine.steal - before.machine.steal) / total,
    other: Math.max(0, busy - pgMs - nodeMs - clientMs) / total,
    wal: (after.wal.wal - before.wal.wal) / Math.max(1, n),
    transactions: (after.wal.transactions - before.wal.transactions) / Math.max(1, n),
  };
}

function cpu(server: BenchServer) {
  return {
    pg: cpuOf(familyOf(server.postgresPid)),
    node: cpuOf([server.nodePid]),
    client: cpuOf([process.pid]),
  };
}

type Call = (method: string, path: string, token: string, body: unknown) => Promise<Reply>;

/** One case from its report to its close; `i` says whose beat it lies in. @throws where a call is refused */
export async function lifeCycle(server: BenchServer, i: number, call: Call): Promise<void> {
  const beat = server.beats[i % server.beats.length]!;
  // Both lists are walked through; no kind keeps to a place.
  const { categoryId, conditionId } = server.matters[(i * 31) % server.matters.length]!;
  const { tokens, unitId } = server;
  const answer = async (path: string, token: string, body: unknown) => {
    const reply = await call('POST', path, token, body);
    if (reply.status >= 300) throw new Error(`POST ${path}: ${reply.status} ${reply.body.slice(0, 300)}`);
    return JSON.parse(reply.body) as { opened: { id: string; step: string }[]; case: { version: number } };
  };
  let reply = await answer('/api/v1/reports', tokens.operator, {
    source: 'publicApp',
    categoryId,
    description: `人民路${i}号门口：${TEXTS[i % TEXTS.length]}`,
    position: { lon: beat.lon, lat: beat.lat },
  });
  const act = async (action: string, token: string, data: unknown = {}) => {
    const task = reply.opened[0]!;
    const version = reply.case.version;
    reply = await answer(`/api/v1/tasks/${task.id}/actions/${action}`, token, { version, data });
  };
  await act('confirm', beat.token);
  await act('file', tokens.shiftLeader, { conditionId });
  await act('dispatch', tokens.dispatcher, { unitId });
  await act('sign', tokens.department);
  await act('respond', tokens.department, { result: '已清理' });
  await act('pass', beat.token);
  await act('close', tokens.shiftLeader);
}

/** Runs life cycles from `concurrency` connections for so long; a cycle that began is finished and counted. */
async function cycles(server: BenchServer, options: BenchOptions, seconds: number) {
  const started = performance.now();
  const until = started + seconds * 1000;
  const latencies: number[] = [];
  let done = 0;
  const worker = async (index: number) => {
    const client = new RawClient(server.port);
    const call: Call = async (method, path, token, body) => {
      const at = performance.now();
      const reply = await client.request(method, path, token, body, randomUUID());
      latencies.push(performance.now() - at);
      return reply;
    };
    for (let i = index; performance.now() < until; i += options.concurrency) {
      await lifeCycle(server, i, call);
      done += 1;
    }
    client.close();
  };
  await Promise.all(Array.from({ length: options.concurrency }, (_, index) => worker(index)));
  return { cycles: done, took: performance.now() - started, latencies };
}

/** The raw limit: the same number of transactions, each one case update, one event, one outbox row. */
async function bareRun(server: BenchServer, options: BenchOptions, seconds: number) {
  const pool = new pg.Pool({ ...server.connection, max: 8 });
  // Tables of the same shape, so that the log stays append-only and no reader meets a bare row.
  await pool.query('create table if not exists bench_event (like case_event including all)');
  await pool.query('create table if not exists bench_outbox (like outbox including all)');
  const { rows } = await pool.query<{ id: string }>(
    'select id from "case" where city_id = $1 order by id desc limit 2000',
    [server.cityId],
  );
  const started = performance.now();
  const until = started + seconds * 1000;
  const latencies: number[] = [];
  const body = JSON.stringify({ text: 'x'.repeat(700) });
  const head = Buffer.alloc(32, 7);
  let transactions = 0;
  const worker = async (index: number) => {
    for (let i = index; performance.now() < until; i += options.concurrency) {
      const at = performance.now();
      const caseId = rows[i % rows.length]!.id;
      await pool.query({
        name: 'bare',
        text: `with c as (update "case" set head = head where id = $1 returning id, city_id),
          e as (insert into bench_event (case_id, seq, city_id, type, at, body, hash, algorithm)
                select $3, 1, city_id, 'bare', $4, $5, $2, 'sha256' from c returning 1)
          insert into bench_outbox (city_id, at, topic, case_id, seq) select city_id, $4, 'bare', id, 1 from c`,
        values: [caseId, head, uuidv7(Date.now()), new Date(), body],
      });
      latencies.push(performance.now() - at);
      transactions += 1;
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, (_, index) => worker(index)));
  const took = performance.now() - started;
  await pool.query('truncate bench_event, bench_outbox');
  await pool.end();
  return { cycles: transactions / CALLS, took, latencies };
}
