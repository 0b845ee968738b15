import { randomUUID } from 'node:crypto';
import { createRandom, type Random } from '@wanmi/simulator';
import { RawClient, type Reply } from './client.ts';
import { calibrate, cpuOf, familyOf, machineCpu, percentile } from './machine.ts';
import { lifeCycle } from './loop.ts';
import type { BenchOptions, Figure } from './run.ts';
import { startBenchServer, type BenchServer } from './server.ts';

/**
 * What desks feel beside the loop: life cycles come at a fixed pace, whatever the server answers (an open load, so
 * that a slow second is seen by all who came in it), beside 50 desks that read their workbench, a case, a search and
 * the map, and 300 collectors who look for work. Latency counts from the moment a request was due.
 * Then a spike of five times the pace for a minute; how long until nothing waits any more, and is everything there.
 */
export async function bench(options: BenchOptions): Promise<Figure[]> {
  const size = options.sizes.at(-1)!;
  const server = await startBenchServer(options, size);
  try {
    return await measure(server, options);
  } finally {
    await server.stop();
  }
}

const DESKS = 50;
const COLLECTORS = 300;
/** A desk looks at something each 5 s, a collector each 30 s. */
const DESK_MS = 5000;
const COLLECTOR_MS = 30_000;
const SPIKE = 5;
const WARM_SECONDS = 30;

interface Read {
  readonly name: 'workbench' | 'case' | 'search' | 'map';
  readonly token: string;
  readonly path: () => string;
}

async function measure(server: BenchServer, options: BenchOptions): Promise<Figure[]> {
  const { seconds, rate, log } = options;
  const load = new Load(server);
  const known: string[] = [];
  const listed = await load.now('GET', '/api/v1/cases?limit=50', server.tokens.operator);
  known.push(...(JSON.parse(listed.body) as { items: { id: string }[] }).items.map((one) => one.id));
  // The same cases, words and tiles in the same order on every run.
  const reads = readsOf(server, known, createRandom(1, 'latency'));
  // Warm: plans, caches, compiled code; and as many new cases as a search for a word walks.
  await load.cycles(rate / 2, WARM_SECONDS, null);
  await Promise.all([load.cycles(rate / 2, 5, null), load.reads(reads, 5, new Map())]);
  await load.idle();
  await server.settled();

  const speed = calibrate();
  const before = usage(server);
  const found = new Map<string, number[]>();
  const done = { cycles: 0, failed: 0, latencies: [] as number[] };
  await Promise.all([load.cycles(rate, seconds, done), load.reads(reads, seconds, found)]);
  const waited = await load.idle();
  const after = usage(server);
  log(
    `${seconds} s at ${rate} life cycles/s: ${done.cycles} done, ${done.failed} failed, ${waited.toFixed(0)} ms behind at ` +
      `the end; steal ${share(before, after, 'steal')}, other CPU ${other(before, after)}, calibration ${speed}; CPU of ` +
      `node ${cores(before, after, 'node')}, pg ${cores(before, after, 'pg')}, client ${cores(before, after, 'client')} cores`,
  );
  const all = [...found.values()].flat().toSorted((a, b) => a - b);
  const figures: Figure[] = [
    { name: 'read_p99_ms', value: percentile(all, 0.99), unit: 'ms', goal: 50, note: `${all.length} reads` },
    { name: 'read_p999_ms', value: percentile(all, 0.999), unit: 'ms', goal: 500 },
  ];
  for (const [name, values] of found) {
    const sorted = values.toSorted((a, b) => a - b);
    figures.push({
      name: `${name}_p99_ms`,
      value: percentile(sorted, 0.99),
      unit: 'ms',
      note: `p50 ${percentile(sorted, 0.5).toFixed(1)}`,
    });
  }
  const commands = done.latencies.toSorted((a, b) => a - b);
  figures.push({ name: 'command_p99_ms', value: percentile(commands, 0.99), unit: 'ms' });
  figures.push(...(await spike(server, load, options, reads)));
  load.close();
  return figures;
}

/** Five times the pace for a minute (or as long as the measurement): it must come back by itself, with nothing lost. */
async function spike(
  server: BenchServer,
  load: Load,
  { rate, seconds, log }: BenchOptions,
  reads: readonly Read[],
): Promise<Figure[]> {
  await server.settled();
  const span = Math.min(60, seconds);
  const done = { cycles: 0, failed: 0, latencies: [] as number[] };
  const found = new Map<string, number[]>();
  const before = await server.endedCases();
  await Promise.all([load.cycles(rate * SPIKE, span, done), load.reads(reads, span, found)]);
  const recovery = await load.idle();
  await server.settled();
  const ended = (await server.endedCases()) - before;
  const during = [...found.values()].flat().toSorted((a, b) => a - b);
  log(
    `spike of ${span} s at ${rate * SPIKE}/s: ${done.cycles} life cycles done, ${done.failed} failed, reads p99 ` +
      `${percentile(during, 0.99).toFixed(0)} ms in it`,
  );
  return [
    { name: 'spike_recovery_s', value: recovery / 1000, unit: 's', note: 'until nothing waits any more' },
    { name: 'spike_lost', value: done.cycles - ended, unit: 'cases', goal: 0 },
    { name: 'spike_failed', value: done.failed, unit: 'calls', goal: 0 },
  ];
}

function readsOf(server: BenchServer, known: readonly string[], random: Random): readonly Read[] {
  const { tokens, map } = server;
  const words = ['井盖缺失', '暴露垃圾', '路灯不亮', '占用盲道', '积水'];
  const desks = [tokens.operator, tokens.shiftLeader, tokens.dispatcher, tokens.department];
  const list: Read[] = [];
  for (const token of desks) {
    list.push(
      { name: 'workbench', token, path: () => '/api/v1/tasks?limit=50&actions=false' },
      { name: 'workbench', token, path: () => '/api/v1/tasks/counts' },
    );
  }
  for (const token of desks.slice(0, 3)) {
    list.push(
      { name: 'case', token, path: () => `/api/v1/cases/${random.pick(known)}` },
      { name: 'case', token, path: () => `/api/v1/cases/${random.pick(known)}/timeline` },
      {
        name: 'search',
        token,
        path: () => `/api/v1/cases?limit=50&q=${encodeURIComponent(random.pick(words))}`,
      },
      { name: 'map', token, path: () => `/tiles/case/${random.pick(map)}.mvt` },
      { name: 'map', token, path: () => `/tiles/grid/${random.pick(map)}.mvt` },
    );
  }
  return list;
}

/** Requests that are sent when they are due, on as many connections as wait; all of them over kept connections. */
class Load {
  readonly #server: BenchServer;
  readonly #free: RawClient[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(server: BenchServer) {
    this.#server = server;
  }

  async now(method: string, path: string, token: string, body?: unknown): Promise<Reply> {
    const client = this.#free.pop() ?? new RawClient(this.#server.port);
    const reply = await client.request(
      method,
      path,
      token,
      body,
      body === undefined ? undefined : randomUUID(),
    );
    this.#free.push(client);
    return reply;
  }

  /** Until everything that was sent is answered; how long that took. */
  async idle(): Promise<number> {
    const started = performance.now();
    while (this.#running.size > 0) await Promise.all(this.#running);
    return performance.now() - started;
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  /** Life cycles a second for so long, evenly; the next begins whether or not the last has ended. */
  async cycles(
    rate: number,
    seconds: number,
    done: { cycles: number; failed: number; latencies: number[] } | null,
  ): Promise<void> {
    const started = performance.now();
    const n = Math.round(rate * seconds);
    for (let i = 0; i < n; i += 1) {
      await until(started + (i * 1000) / rate);
      const cycle = lifeCycle(this.#server, i, async (method, path, token, body) => {
        const at = performance.now();
        const reply = await this.now(method, path, token, body);
        done?.latencies.push(performance.now() - at);
        return reply;
      }).then(
        () => done && (done.cycles += 1),
        (error: Error) => {
          if (!done) throw error;
          done.failed += 1;
        },
      );
      this.#track(cycle);
    }
    await until(started + seconds * 1000);
  }

  /** What the desks and collectors look at, each request at its own moment. */
  async reads(reads: readonly Read[], seconds: number, found: Map<string, number[]>): Promise<void> {
    const perSecond = (DESKS * 1000) / DESK_MS;
    const beats = this.#server.beats;
    const collectors = (COLLECTORS * 1000) / COLLECTOR_MS;
    const own: Read[] = beats.map(({ token }) => ({
      name: 'workbench',
      token,
      path: () => '/api/v1/tasks?limit=20&actions=false',
    }));
    await Promise.all([
      this.#stream(reads, perSecond, seconds, found),
      this.#stream(own, collectors, seconds, found),
    ]);
  }

  async #stream(
    reads: readonly Read[],
    perSecond: number,
    seconds: number,
    found: Map<string, number[]>,
  ): Promise<void> {
    const started = performance.now();
    const n = Math.round(perSecond * seconds);
    for (let i = 0; i < n; i += 1) {
      const due = started + (i * 1000) / perSecond;
      await until(due);
      const { name, token, path } = reads[i % reads.length]!;
      const read = this.now('GET', path(), token).then(({ status, body }) => {
        if (status >= 300) throw new Error(`${name}: ${status} ${body.slice(0, 200)}`);
        const times = found.get(name) ?? [];
        times.push(performance.now() - due);
        found.set(name, times);
      });
      this.#track(read);
    }
    await until(started + seconds * 1000);
  }

  close(): void {
    for (const client of this.#free) client.close();
  }
}

async function until(moment: number): Promise<void> {
  const wait = moment - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

interface Usage {
  readonly at: number;
  readonly pg: number;
  readonly node: number;
  readonly client: number;
  readonly machine: ReturnType<typeof machineCpu>;
}

function usage(server: BenchServer): Usage {
  return {
    at: performance.now(),
    pg: cpuOf(familyOf(server.postgresPid)),
    node: cpuOf([server.nodePid]),
    client: cpuOf([process.pid]),
    machine: machineCpu(),
  };
}

const cores = (a: Usage, b: Usage, who: 'pg' | 'node' | 'client'): string =>
  ((b[who] - a[who]) / (b.at - a.at)).toFixed(2);
const percent = (part: number, of: number): string => `${((part / of) * 100).toFixed(1)} %`;
const share = (a: Usage, b: Usage, what: 'steal'): string =>
  percent(b.machine[what] - a.machine[what], b.machine.total - a.machine.total);
const other = (a: Usage, b: Usage): string =>
  percent(
    Math.max(0, b.machine.busy - a.machine.busy - (b.pg - a.pg) - (b.node - a.node) - (b.client - a.client)),
    b.machine.total - a.machine.total,
  );
