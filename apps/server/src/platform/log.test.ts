import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problem, toProblem } from './errors.ts';
import { createLogger, humanLine, pathOf, scrub } from './log.ts';

function capture(level = 'info', pretty = false) {
  const lines: string[] = [];
  const log = createLogger({
    level,
    pretty,
    destination: { write: (line: string) => void lines.push(line) },
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe('a log line', () => {
  it('is JSON with an ISO time and a level in words', () => {
    const { log, last } = capture();
    log.info({ caseId: '019ab2c4-7f00-7abc-8def-0123456789ab', ms: 3 }, 'case.dispatched');
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: process.pid,
      caseId: '019ab2c4-7f00-7abc-8def-0123456789ab',
      ms: 3,
      msg: 'case.dispatched',
    });
  });

  it('holds no secret and no name, at any depth and in any spelling', () => {
    const { log, lines } = capture();
    const secret = 'S3CRET';
    const entry = {
      password: secret,
      headers: { Authorization: secret, cookie: secret, 'set-cookie': [secret], 'x-csrf-token': secret },
      reporter: { name: secret, phone: secret, list: [{ reporter_name: secret, Mobile: secret }] },
      deep: { a: { b: { c: { access_token: secret } } } },
      kept: { unit: 'u1', names: 2 },
    };
    log.warn(entry, 'x');
    log.child({ token: secret }).child({ name: secret }).info('y');
    expect(lines.join('')).not.toContain(secret);
    expect(lines[0]).toContain('"kept":{"unit":"u1","names":2}');
    expect(entry.reporter.list[0]!.reporter_name).toBe(secret); // what was logged is not changed
  });

  it('survives cycles, dates, buffers and absurd depth', () => {
    const { log, last } = capture();
    const cycle: Record<string, unknown> = { n: 1 };
    cycle['self'] = cycle;
    log.info({ cycle, at: new Date(0), bytes: Buffer.from('ab') }, 'x');
    expect(last()['at']).toBe('1970-01-01T00:00:00.000Z');
    expect(last()['cycle']).toMatchObject({ n: 1 });
  });
});

describe('an error in the log', () => {
  const logged = (error: unknown) => {
    const { log, last, lines } = capture();
    log.error({ err: error }, 'failed');
    log.error(error);
    log.error({ err: error });
    return { err: last()['err'] as Record<string, unknown>, text: lines.join('') };
  };

  it('of PostgreSQL shows code, table and constraint, never the values it quotes', () => {
    const error = Object.assign(new Error('invalid input syntax for type uuid: "张三"'), {
      code: '23505',
      detail: 'Key (phone)=(13812345678) already exists.',
      table: 'reporter',
      constraint: 'reporter_phone_key',
    });
    for (const one of [error, problem('conflict.taken', {}, { cause: error }), toProblem(error)]) {
      const { text } = logged(one);
      expect(text).not.toMatch(/13812|张三/);
      expect(text).toMatch(/"code":"23505".*"constraint":"reporter_phone_key"/);
    }
  });

  it('of JSON.parse and of Zod shows none of the body', () => {
    const parse = () => JSON.parse('{"x": zhangsan}') as unknown;
    expect(parse).toThrow(/zhangsan/);
    let thrown: unknown;
    try {
      parse();
    } catch (error) {
      thrown = error;
    }
    expect(logged(thrown).text).not.toContain('zhangsan');
    const zod = z.strictObject({}).safeParse({ zhangsan: 1 }).error;
    expect(logged(zod).text).not.toContain('zhangsan');
    expect(logged(zod).err['issues']).toEqual([{ path: 0, code: 'unrecognized_keys' }]);
  });

  it('keeps its type, message, frames and cause', () => {
    const { err } = logged(
      new TypeError('x is not a function', { cause: new RangeError('call 13812345678') }),
    );
    expect(err).toMatchObject({
      type: 'TypeError',
      message: 'x is not a function',
      cause: { message: 'call [redacted]' },
    });
    expect((err['stack'] as string[])[0]).toMatch(/^at .*log\.test\.ts/);
    expect(logged('text with 13812345678').err).toEqual({ type: 'string' });
  });
});

describe('scrub', () => {
  it.each([
    ['call 13812345678 now', 'call [redacted] now'],
    ['+86 13812345678', '[redacted]'],
    ['id 11010519491231002X.', 'id [redacted].'],
    ['mail a.b@example.com', 'mail [redacted]'],
    ['019ab2c4-7f00-7abc-8def-138123456789', '019ab2c4-7f00-7abc-8def-138123456789'],
    ['case 3301021503000123', 'case 3301021503000123'],
    ['1700000000000 ms', '1700000000000 ms'],
  ])('%s', (text, safe) => {
    expect(scrub(text)).toBe(safe);
  });

  it('takes no time on hostile text', () => {
    const started = performance.now();
    for (const text of ['1'.repeat(1e6), '@'.repeat(1e6), 'a.'.repeat(5e5), `${'a@'.repeat(1e5)}13812345678`])
      scrub(text);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('a request in the log', () => {
  it('shows path and ids, neither query nor headers nor body nor address', async () => {
    const { log, lines } = capture();
    const app = fastify({ loggerInstance: log, genReqId: () => 'req-7' });
    app.post('/api/v1/cases/:id', (request) => {
      request.log.info('working');
      throw new Error('broken by 13812345678');
    });
    await app.inject({
      method: 'POST',
      url: '/api/v1/cases/019ab2c4?q=zhangsan#x',
      headers: { authorization: 'Bearer zhangsan', cookie: 'sid=zhangsan', 'x-forwarded-for': '203.0.113.9' },
      payload: { phone: '13812345678', text: 'zhangsan' },
    });
    const text = lines.join('');
    expect(text).not.toMatch(/zhangsan|138123|127\.0\.0\.1|203\.0/);
    const first = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(first).toMatchObject({ reqId: 'req-7', req: { method: 'POST', path: '/api/v1/cases/019ab2c4' } });
    expect(text).toContain('"statusCode":500');
    await app.close();
  });

  it('cuts a path at its query', () => {
    expect([pathOf('/a?b=c'), pathOf('/a;p=1'), pathOf(`/${'x'.repeat(999)}`).length]).toEqual([
      '/a',
      '/a',
      300,
    ]);
  });
});

it('is readable on a terminal', () => {
  const { log, lines } = capture('info', true);
  log.info({ port: 8080 }, 'listening');
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}listening port=8080\n$/);
  log.error({ err: new Error('boom') }, 'failed');
  expect(lines[1]).toMatch(/ERROR failed\n {2}Error boom\n {4}at /);
  expect(humanLine('{"level":"warn","time":"2026-01-01T00:00:00.000Z"}')).toBe('00:00:00.000 WARN  \n');
});

it('scrubs the text of a line', () => {
  const { log, last } = capture();
  log.info('call %s', '13812345678');
  expect(last()['msg']).toBe('call [redacted]');
  log.info({ a: 1 }, 'call 13812345678');
  expect(last()['msg']).toBe('call [redacted]');
});

it('keeps silent below its level', () => {
  const { log, lines } = capture('warn');
  log.info('x');
  expect(lines).toEqual([]);
});
