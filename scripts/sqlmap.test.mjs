import { expect, test } from 'vitest';
import { answersOf, verdictOf } from './sqlmap-verdict.mjs';

const METRICS = `# TYPE wanmi_http_request_duration_seconds histogram
wanmi_http_request_duration_seconds_bucket{le="0.025",route="/api/v1/cases/:id",method="GET",status="500"} 9
wanmi_http_request_duration_seconds_count{route="/api/v1/cases/:id",method="GET",status="200"} 40
wanmi_http_request_duration_seconds_count{route="/api/v1/cases/:id",method="GET",status="404"} 2
wanmi_http_request_duration_seconds_count{route="/api/v1/rules/drafts",method="POST",status="500"} 3
wanmi_http_request_duration_seconds_count{method="GET",route="none",status="503"} 1
`;
const CLEAN = METRICS.replaceAll(/"50\d"/g, '"404"');
const one = (more = {}) => ({ route: 'GET /x', injectable: [], faults: 0, ...more });

test('what the server counted is read, whatever the order of the labels', () => {
  expect(answersOf(METRICS)).toEqual({
    requests: 46,
    faults: 4,
    faulty: ['POST /api/v1/rules/drafts: 3 × 500', 'GET none: 1 × 503'],
  });
});

test.each([
  ['nothing found', { results: [one()], answers: answersOf(CLEAN) }, []],
  [
    'faults that only the server counted',
    { results: [one()], answers: answersOf(METRICS) },
    ['the server counted POST /api/v1/rules/drafts: 3 × 500', 'the server counted GET none: 1 × 503'],
  ],
  [
    'a hole',
    { results: [one(), one({ injectable: ['q (GET)'] })], answers: answersOf(CLEAN) },
    ['GET /x: FOUND q (GET)'],
  ],
  [
    'faults that sqlmap saw',
    { results: [one({ faults: 2 })], answers: answersOf(CLEAN) },
    ['GET /x: 2 answers of 5xx'],
  ],
  [
    'nothing was tried',
    { results: [], answers: answersOf(CLEAN), only: 'nosuch' },
    ['no route has nosuch in its name'],
  ],
  [
    'nobody was asked',
    { results: [one()], answers: answersOf('') },
    ['the server counted no request: was it the one that was asked?'],
  ],
])('%s', (_what, run, reasons) => {
  expect(verdictOf(run)).toEqual({ ok: reasons.length === 0, reasons });
});
