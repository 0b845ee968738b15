import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

const quiet = () => createMetrics({ processMetrics: false, readMs: 50 });
const lines = async (metrics: ReturnType<typeof quiet>, start: string) =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(start));

describe('metrics', () => {
  it('measure requests by route, method and status', async () => {
    const metrics = quiet();
    metrics.observeHttp({ method: 'GET', route: '/api/v1/cases/:id', status: 200, seconds: 0.02 });
    metrics.observeHttp({ method: 'GET', route: '/api/v1/cases/:id', status: 200, seconds: 3 });
    metrics.observeHttp({ method: 'BREW', route: undefined, status: 404, seconds: 0.001 });
    const text = await lines(metrics, 'wanmi_http_request_duration_seconds');
    expect(text).toContain(
      'wanmi_http_request_duration_seconds_bucket{le="0.025",route="/api/v1/cases/:id",method="GET",status="200"} 1',
    );
    expect(text).toContain(
      'wanmi_http_request_duration_seconds_count{route="/api/v1/cases/:id",method="GET",status="200"} 2',
    );
    expect(text).toContain(
      'wanmi_http_request_duration_seconds_count{route="none",method="other",status="404"} 1',
    );
  });

  it('count problems by code', async () => {
    const metrics = quiet();
    metrics.countProblem('conflict.version');
    metrics.countProblem('conflict.version');
    expect(await lines(metrics, 'wanmi_problems_total')).toEqual([
      'wanmi_problems_total{code="conflict.version"} 2',
    ]);
  });

  it('read pool, streams, outbox and timers when they are asked for', async () => {
    const metrics = quiet();
    const pool = { totalCount: 8, idleCount: 3, waitingCount: 0 };
    const hub = { size: 2 };
    let lag: Record<string, number> = { relay: 1.5, live: 0 };
    metrics.watchPool(pool);
    metrics.watchStreams(hub);
    metrics.watchOutbox(() => Promise.resolve(lag));
    metrics.watchTimers(() => Promise.resolve(7));
    await metrics.text();
    pool.waitingCount = 4;
    hub.size = 3;
    lag = { relay: 2 };
    expect(await lines(metrics, 'wanmi_db_pool_connections')).toEqual([
      'wanmi_db_pool_connections{state="total"} 8',
      'wanmi_db_pool_connections{state="idle"} 3',
      'wanmi_db_pool_connections{state="waiting"} 4',
    ]);
    expect(await lines(metrics, 'wanmi_live_streams')).toEqual(['wanmi_live_streams 3']);
    expect(await lines(metrics, 'wanmi_outbox_lag_seconds')).toEqual([
      'wanmi_outbox_lag_seconds{reader="relay"} 2',
    ]);
    expect(await lines(metrics, 'wanmi_timers_due')).toEqual(['wanmi_timers_due 7']);
  });

  it('answer without what cannot be read, and count it', async () => {
    const metrics = quiet();
    let broken = false;
    metrics.watchTimers(() => (broken ? Promise.reject(new Error('no database')) : Promise.resolve(7)));
    metrics.watchOutbox(() => new Promise(() => {}));
    expect(await lines(metrics, 'wanmi_timers_due')).toEqual(['wanmi_timers_due 7']);
    broken = true;
    expect(await lines(metrics, 'wanmi_timers_due')).toEqual([]);
    expect(await lines(metrics, 'wanmi_outbox_lag_seconds')).toEqual([]);
    expect((await lines(metrics, 'wanmi_metric_read_failures_total')).sort()).toEqual([
      expect.stringMatching(/metric="wanmi_outbox_lag_seconds"\} \d/),
      expect.stringMatching(/metric="wanmi_timers_due"\} \d/),
    ]);
    broken = false;
    expect(await lines(metrics, 'wanmi_timers_due')).toEqual(['wanmi_timers_due 7']);
  });

  it('tell of the process, and do not mix with another server in it', async () => {
    const [a, b] = [createMetrics(), createMetrics()];
    a.countProblem('internal');
    expect(await a.text()).toMatch(/process_cpu_seconds_total [^]*nodejs_eventloop_lag_seconds/);
    expect(await b.text()).not.toContain('internal');
    expect(a.contentType).toContain('text/plain');
  });
});
