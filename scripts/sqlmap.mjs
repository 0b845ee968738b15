// Sets sqlmap (a Debian package) on a running demo: every parameter and every field of every route that the interface
// describes, as somebody who may call it. First it must find the hole of a small server that has one, or its silence
// would mean nothing. By hand: `node scripts/sqlmap.mjs`; takes minutes.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startDemoServer } from '../e2e/server.ts';
import { operationsOf, sampleOf } from '../apps/server/src/testing/fuzz.ts';
import { answersOf, verdictOf } from './sqlmap-verdict.mjs';

const { values: options } = parseArgs({
  options: {
    level: { type: 'string', default: '2' },
    risk: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** Would sign the tester out, change who may sign in or what time it is; the stream never ends. */
const LEFT_OUT = [
  'POST /api/v1/auth/logout',
  'POST /api/v1/me/password',
  'POST /api/v1/people/{id}/disable',
  'POST /api/v1/people/{id}/password',
  'POST /api/v1/posts/{id}/end',
  'POST /api/v1/demo/clock',
  'GET /api/v1/stream',
];
/** Ends what the path names, or makes another thing of it: the others come first. */
const ENDS = /^DELETE |\/(publish|rollback|cancel|end|close|rename|undo)$/;
/** Each try costs a password hash: fewer of them. */
const SLOW = ['POST /api/v1/auth/login', 'POST /api/v1/people'];
const PEOPLE = ['admin', 'operator1', 'shift1', 'leader1', 'dispatcher1', 'collector1', 'inspector1'];

const began = performance.now();
const version = await run(['--version'])
  .then(({ output }) => /\d+\.\d+(\.\d+)?\S*/.exec(output)?.[0] ?? '?')
  .catch(() => undefined);
if (version === undefined) {
  process.stderr.write('sqlmap is not installed: apt-get install sqlmap\n');
  process.exit(2);
}
const folder = await mkdtemp(path.join(tmpdir(), 'wanmi-sqlmap-'));
const server = await startDemoServer({ past: 60 });
let verdict = { ok: false, reasons: ['it did not come to its end'] };
try {
  await control();
  const targets = await makeTargets();
  const results = [];
  const queue = [...targets];
  const worker = async () => {
    for (let target = queue.shift(); target; target = queue.shift()) {
      const result = await attack(target);
      results.push(result);
      if (!options.json) process.stdout.write(`${line(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
  const answers = answersOf(await (await fetch(`${server.url}/metrics`)).text());
  verdict = verdictOf({ results, answers, only: options.only });
  report(results, answers);
} catch (error) {
  process.stderr.write(`the server said:\n${server.output()}\n`);
  throw error;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
for (const reason of verdict.reasons) process.stderr.write(`${reason}\n`);
process.exitCode = verdict.ok ? 0 : 1;

/** A server with the hole that is looked for, on the same database: sqlmap with the same options must find it. */
async function control() {
  const { bootPlatform } = await import('../apps/server/src/boot.ts');
  const { parseConfig } = await import('../apps/server/src/platform/config.ts');
  const { createLogger } = await import('../apps/server/src/platform/log.ts');
  const booted = await bootPlatform(
    parseConfig({ WANMI_HOME: server.home }),
    createLogger({ level: 'error' }),
    'wanmi-sqlmap',
  );
  const holed = createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://x');
    booted.platform.pool
      .query(`select count(*)::int as n from unit where code like '%${searchParams.get('q')}%'`)
      .then(({ rows }) => response.end(JSON.stringify(rows[0])))
      .catch(() => {
        response.statusCode = 400;
        response.end('{}');
      });
  });
  await new Promise((resolve) => holed.listen(0, '127.0.0.1', resolve));
  try {
    const target = {
      route: 'control',
      places: 1,
      request: `GET /?q=a HTTP/1.1\nHost: 127.0.0.1:${holed.address().port}\n\n`,
    };
    const { injectable, requests } = await attack(target);
    if (injectable.length === 0) throw new Error('sqlmap does not find a hole that is there');
    process.stderr.write(`sqlmap ${version} finds the hole of the control server (${requests} requests)\n`);
  } finally {
    await new Promise((resolve) => holed.close(resolve));
    await booted.close();
  }
}

async function api(token, url, init = {}) {
  const reply = await fetch(`${server.url}${url}`, {
    ...init,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' },
  });
  return reply.json();
}

async function makeTargets() {
  const document = await api(null, '/api/v1/openapi.json');
  const people = [];
  for (const username of PEOPLE) {
    const body = JSON.stringify({ username, password: server.password });
    const { token, me } = await api(null, '/api/v1/auth/login', { method: 'POST', body });
    if (token) people.push({ token, me });
  }
  const [, operator] = people;
  const ids = await idsOf(document, people);
  const box = operator.me.city.bounds;
  const centre = { lon: (box[0] + box[2]) / 2, lat: (box[1] + box[3]) / 2 };
  const known = {
    bbox: box.join(','),
    position: centre,
    ...centre,
    q: '路灯',
    caseId: ids.cases,
    unitId: ids.units,
    regionId: ids.regions,
    personId: ids.people,
    username: 'operator1',
    password: 'wrong password',
    cursor: undefined,
  };
  const late = ({ route }) => (ENDS.test(route) ? 1 : 0);
  return operationsOf(document)
    .toSorted((a, b) => late(a) - late(b))
    .filter(({ route, multipart }) => !multipart && !LEFT_OUT.includes(route))
    .filter(({ route }) => options.only === undefined || route.includes(options.only))
    .flatMap((operation) => {
      const who = people.find(
        ({ me }) => !operation.permission || me.permissions.includes(operation.permission),
      );
      if (!who) return [];
      const target = targetOf(operation, document, known, ids, who.token);
      return target.places > 0 ? [target] : [];
    });
}

/** Of everything that a path can name, one that is there: what is sent there meets something. */
async function idsOf(document, people) {
  const [admin] = people;
  await api(admin.token, '/api/v1/rules/drafts', { method: 'POST', body: '{"name":"sqlmap"}' });
  const operations = operationsOf(document);
  const kinds = new Set(
    operations.flatMap(({ path: one }) => (one.includes('/{id}') ? [pathOfId(one)] : [])),
  );
  const ids = {};
  const found = async (kind) => {
    const list = operations.find(({ route }) => route === `GET /api/v1/${kind}`);
    if (!list || list.query.some(({ required }) => required)) return;
    // Tasks and notices are somebody's: whoever has one.
    for (const { token } of people) {
      const { items } = await api(token, `/api/v1/${kind}`);
      if (items?.[0]?.id) ids[kind] ??= items[0].id;
    }
  };
  for (const kind of kinds) await found(kind);
  // Tried on history: it needs the draft.
  const draft = ids['rules/drafts'];
  if (draft) {
    const tryOut = await api(admin.token, `/api/v1/rules/drafts/${draft}/try-outs`, {
      method: 'POST',
      body: '{"cases":10}',
    });
    if (tryOut.id) ids['rules/try-outs'] = tryOut.id;
  }
  const without = [...kinds].filter((kind) => !ids[kind]);
  process.stderr.write(
    `ids of ${Object.keys(ids).length} kinds; nothing is there of: ${without.join(', ')}\n`,
  );
  return ids;
}

function pathOfId(pattern) {
  return pattern.slice('/api/v1/'.length).split('/{id}')[0];
}

/** A request with a star (sqlmap's mark) wherever something can be put in. */
function targetOf({ route, method, path: pattern, params, query, body }, document, known, ids, token) {
  let places = params.length + query.length;
  const url = pattern.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === 'id') return `${ids[pathOfId(pattern)] ?? '019ab2c4-7f00-7abc-8def-0123456789ab'}*`;
    return `${{ action: 'claim', code: 'centre', cityCode: '4201' }[name] ?? 'x'}*`;
  });
  const given = query.map(
    ({ name, schema }) => `${name}=${encodeURIComponent(sampleOf(schema, document, known, name) ?? 'x')}*`,
  );
  const lines = [
    `${method} ${url}${given.length ? `?${given.join('&')}` : ''} HTTP/1.1`,
    `Host: ${new URL(server.url).host}`,
    `Authorization: Bearer ${token}`,
    'Accept: application/json',
  ];
  let text = '';
  if (body) {
    const sample = sampleOf(body, document, known);
    text = JSON.stringify(sample, (_, value) => {
      if (typeof value === 'string') return (places += 1) && `${value}*`;
      if (typeof value === 'number') return (places += 1) && `@@${value}*@@`;
      return value;
    }).replaceAll(/"@@|@@"/g, '');
    lines.push('Content-Type: application/json');
  }
  return { route, places, request: `${lines.join('\n')}\n\n${text}` };
}

async function attack({ route, places, request }) {
  const file = path.join(folder, `${route.replaceAll(/\W+/g, '_')}.txt`);
  await writeFile(file, request);
  const from = performance.now();
  const slow = SLOW.includes(route);
  const { output } = await run(
    [
      ['-r', file, '--batch', '--dbms=PostgreSQL', '--technique=BEUST', '--flush-session'],
      [`--level=${slow ? 1 : options.level}`, `--risk=${options.risk}`, '--threads=1', '--time-sec=3'],
      ['--ignore-code=400,401,403,404,405,409,410,412,413,415,422,423,429', '--timeout=20', '--retries=1'],
      ['--disable-coloring', '--output-dir', path.join(folder, 'out'), '--ignore-stdin'],
      ['--skip-waf', '--answers=extending=N,follow=N,keep testing=Y'],
    ].flat(),
  );
  const injectable = [...output.matchAll(/^Parameter: (.+)$/gm)].map(([, name]) => name);
  const total = /total of (\d+) HTTP\(s\) requests/.exec(output)?.[1];
  const codes = [...output.matchAll(/(\d{3}) \([\w ]+\) - (\d+) times?/g)];
  const refused = codes.reduce((sum, [, , times]) => sum + Number(times), 0);
  const faults = codes.filter(([, code]) => code >= 500).reduce((sum, [, , times]) => sum + Number(times), 0);
  const clean = /do(es)? not (appear|seem) to be injectable/.test(output);
  if (injectable.length === 0 && !clean) {
    throw new Error(`sqlmap did not finish with ${route}:\n${output.slice(-3000)}`);
  }
  const seconds = (performance.now() - from) / 1000;
  return { route, places, requests: Number(total ?? refused), refused, faults, injectable, seconds };
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn('sqlmap', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, output }));
  });
}

function line({ route, places, refused, faults, injectable, seconds }) {
  const said = injectable.length > 0 ? `FOUND ${injectable.join('; ')}` : 'nothing';
  return `${route.padEnd(52)} ${String(places).padStart(3)} places ${String(refused).padStart(6)} refused ${String(faults).padStart(3)} faults ${seconds.toFixed(0).padStart(4)} s  ${said}`;
}

function report(results, { requests, faults }) {
  const sum = (pick) => results.reduce((total, result) => total + pick(result), 0);
  const totals = {
    sqlmap: version,
    level: Number(options.level),
    risk: Number(options.risk),
    routes: results.length,
    places: sum(({ places }) => places),
    requests,
    faults,
    refused: sum(({ refused }) => refused),
    injectable: sum(({ injectable }) => injectable.length),
    minutes: Math.round((performance.now() - began) / 6000) / 10,
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ totals, results })}\n`);
  else process.stdout.write(`\n${JSON.stringify(totals, null, 2)}\n`);
}
