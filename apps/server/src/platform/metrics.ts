import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface HttpSample {
  method: string;
  /** The route's pattern, never the path: paths hold ids and are without number. */
  route: string | undefined;
  status: number;
  seconds: number;
}

/** What a pg pool tells of itself. */
export interface PoolLike {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface GaugeSource {
  name: string;
  help: string;
  /** Given: `read` answers with one number for each value of this label. */
  label?: string;
  read: () => Reading | Promise<Reading>;
}
export type Reading = number | Readonly<Record<string, number>>;

export interface Metrics {
  readonly contentType: string;
  observeHttp(sample: HttpSample): void;
  /** Counts a refusal or failure by its stable code. */
  countProblem(code: string): void;
  /** A number that is read when somebody asks for the metrics, and not before. */
  gauge(source: GaugeSource): void;
  watchPool(pool: PoolLike): void;
  watchStreams(hub: { readonly size: number }): void;
  /** Seconds that each reader of the outbox is behind. */
  watchOutbox(lag: () => Promise<Readonly<Record<string, number>>>): void;
  watchTimers(due: () => Promise<number>): void;
  /** The text that Prometheus reads. */
  text(): Promise<string>;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** What one reading may take; the database may be what is in trouble. */
const READ_MS = 2000;

/** A registry of its own, so that two servers in one process do not mix. */
export function createMetrics({ processMetrics = true, readMs = READ_MS } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const http = new Histogram({
    name: 'wanmi_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route, method and status',
    labelNames: ['route', 'method', 'status'],
    // Around the limits of the product: actions 50 ms, pages 0.5 s, queries 4 s, exchange 8 s.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8],
    registers,
  });
  const problems = new Counter({
    name: 'wanmi_problems_total',
    help: 'Refusals and failures by code',
    labelNames: ['code'],
    registers,
  });
  const unread = new Counter({
    name: 'wanmi_metric_read_failures_total',
    help: 'Readings that failed or took too long, by metric',
    labelNames: ['metric'],
    registers,
  });

  function gauge({ name, help, label, read }: GaugeSource): void {
    const made = new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers,
      async collect() {
        // What cannot be read is left out: an old number would look like a good one.
        if (label === undefined) made.remove();
        else made.reset();
        const reading = await within(readMs, read).catch(() => undefined);
        if (reading === undefined) {
          unread.inc({ metric: name });
        } else if (typeof reading === 'number') {
          made.set(reading);
        } else if (label !== undefined) {
          for (const [value, number] of Object.entries(reading)) made.set({ [label]: value }, number);
        }
      },
    });
  }

  return {
    contentType: registry.contentType,
    observeHttp({ method, route, status, seconds }) {
      const known = METHODS.has(method) ? method : 'other';
      http.observe({ route: route ?? 'none', method: known, status }, seconds);
    },
    countProblem: (code) => problems.inc({ code }),
    gauge,
    watchPool(pool) {
      gauge({
        name: 'wanmi_db_pool_connections',
        help: 'Connections of the database pool, and requests that wait for one',
        label: 'state',
        read: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
      });
    },
    watchStreams(hub) {
      gauge({ name: 'wanmi_live_streams', help: 'Open live streams', read: () => hub.size });
    },
    watchOutbox(lag) {
      const help = 'Age of the oldest outbox row that a reader has not read';
      gauge({ name: 'wanmi_outbox_lag_seconds', help, label: 'reader', read: lag });
    },
    watchTimers(due) {
      gauge({ name: 'wanmi_timers_due', help: 'Timers that are due and not yet fired', read: due });
    },
    text: () => registry.metrics(),
  };
}

async function within<T>(ms: number, read: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too slow')), ms);
  });
  try {
    return await Promise.race([read(), late]);
  } finally {
    clearTimeout(timer);
  }
}
