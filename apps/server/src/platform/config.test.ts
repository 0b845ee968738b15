import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from './config.ts';

function faults(env: Record<string, string>, argv: string[] = []): readonly string[] {
  try {
    parseConfig(env, argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseConfig', () => {
  it('needs nothing', () => {
    expect(parseConfig({})).toEqual({
      host: '0.0.0.0',
      port: 8080,
      home: resolve('.wanmi'),
      databaseUrl: null,
      dbPool: 8,
      services: new Set(['web', 'worker', 'ingest']),
      demo: null,
      virtualClock: null,
      https: null,
      logLevel: 'info',
      logRoot: resolve('.wanmi/log-roots'),
      backupDir: resolve('.wanmi/backups'),
      sessionDays: 7,
      mediaMaxBytes: 104_857_600,
      trustProxy: false,
    });
  });

  it('takes the environment, and lets an option win over it', () => {
    const env = {
      PORT: '9000',
      HOST: '10.0.0.5',
      WANMI_HOME: '/srv/wanmi',
      DATABASE_URL: 'postgres://u:p@db/wanmi',
      WANMI_SERVICES: 'web',
      TLS_CERT: 'cert.pem',
      TLS_KEY: '/etc/key.pem',
      LOG_LEVEL: 'debug',
      WANMI_LOG_ROOT: '/mnt/roots',
      SESSION_DAYS: '30',
      WANMI_TRUST_PROXY: 'true',
    };
    expect(parseConfig(env, ['--port', '0', '--services=worker, ingest'])).toMatchObject({
      host: '10.0.0.5',
      port: 0,
      home: '/srv/wanmi',
      databaseUrl: 'postgres://u:p@db/wanmi',
      services: new Set(['worker', 'ingest']),
      https: { port: 8443, cert: resolve('cert.pem'), key: '/etc/key.pem' },
      logLevel: 'debug',
      logRoot: '/mnt/roots',
      sessionDays: 30,
      trustProxy: 1,
    });
  });

  it.each([
    ['true', 1],
    ['false', false],
    ['0', false],
    ['2', 2],
    ['10.0.0.1, fd00::/8', ['10.0.0.1', 'fd00::/8']],
  ])('believes no more proxies than are named: %s', (text, proxies) => {
    expect(parseConfig({ WANMI_TRUST_PROXY: text }).trustProxy).toEqual(proxies);
  });

  it.each(['yes', '-1', '10', '10.0.0.0/33', '10.0.0.1,', 'proxy.example', '*'])(
    'knows no proxy %s',
    (text) => {
      expect(() => parseConfig({ WANMI_TRUST_PROXY: text })).toThrow(/WANMI_TRUST_PROXY must be true, false/);
    },
  );

  it('takes an empty variable as unset', () => {
    expect(parseConfig({ PORT: '', DATABASE_URL: ' ', TLS_CERT: '' })).toEqual(parseConfig({}));
  });

  it('issues its own certificate where only the port is set', () => {
    expect(parseConfig({ HTTPS_PORT: '8444' }).https).toEqual({ port: 8444, cert: null, key: null });
  });

  it('lists all faults at once, in words', () => {
    const env = {
      PORT: '99999',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://x',
      TLS_CERT: 'a',
      SESSION_DAYS: '1.5',
    };
    expect([...faults(env, ['--services=web,wok', '--sise', 'M', '--home'])].sort()).toEqual([
      '--home needs a value',
      '--services must be a list of web, worker, ingest',
      '--sise is not an option',
      'DATABASE_URL must begin with postgres:// or postgresql://',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
      'M is not an option',
      'PORT must be a whole number from 0 to 65535',
      'SESSION_DAYS must be a whole number from 1 to 365',
      'TLS_CERT and TLS_KEY belong together: set both or neither',
    ]);
  });

  it('never repeats a value: it may be a secret', () => {
    const secret = { DATABASE_URL: 'mysql://root:hunter2@db', WANMI_DEMO_PASSWORD: 'hunter2' };
    const text = String(new ConfigError(faults(secret)));
    expect(text).toMatch(/DATABASE_URL[^]*WANMI_DEMO_PASSWORD/);
    expect(text).not.toContain('hunter2');
  });

  it.each(['-1', '1e3', ' x', '0x10', '65536', '８０８０'])('refuses the port %s', (port) => {
    expect(faults({ PORT: port })).toHaveLength(1);
  });

  it('gives a config or a ConfigError, whatever it is given', () => {
    const names = fc.constantFrom(
      'PORT',
      'HOST',
      'WANMI_SERVICES',
      'HTTPS_PORT',
      'LOG_LEVEL',
      'WANMI_MEDIA_MAX_MB',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), fc.array(fc.string()), (env, argv) => {
        expect(Array.isArray(faults(env, argv))).toBe(true);
      }),
    );
  });
});

describe('a demo', () => {
  it('listens on this machine alone', () => {
    const config = parseConfig({ WANMI_DEMO_PASSWORD: 'correct horse' }, ['--demo', '--size', 'm']);
    expect(config).toMatchObject({ host: '127.0.0.1', demo: { size: 'M', password: 'correct horse' } });
    expect(parseConfig({}, ['--demo', '--model', 'twoLevels']).demo).toMatchObject({ model: 'twoLevels' });
    expect(() => parseConfig({}, ['--demo', '--model', 'village'])).toThrow(/--model/);
    expect(() => parseConfig({}, ['--model', 'county'])).toThrow(/--model belongs to --demo/);
    expect(faults({ HOST: '0.0.0.0' }, ['--demo'])).toEqual([expect.stringContaining('this machine alone')]);
    expect(parseConfig({ HOST: '::1' }, ['--demo']).host).toBe('::1');
  });

  it('has as much past and present as is asked for', () => {
    const still = parseConfig({ WANMI_DEMO_PAST: '0', WANMI_DEMO_PACE: '0' }, ['--demo']);
    expect(still.demo).toEqual({
      size: 'S',
      password: null,
      pastReports: 0,
      reportsPerMinute: 0,
    });
    expect(parseConfig({}, ['--demo']).demo).toEqual({ size: 'S', password: null });
    expect(faults({ WANMI_DEMO_PACE: 'calm' }, ['--demo'])).toEqual([
      'WANMI_DEMO_PACE must be a whole number from 0 to 60',
    ]);
  });

  it('alone may have a size and a virtual clock', () => {
    expect(parseConfig({}, ['--demo', '--virtual-clock']).virtualClock).toEqual({ rate: 1 });
    expect(parseConfig({}, ['--demo', '--virtual-clock=60']).virtualClock).toEqual({ rate: 60 });
    expect(faults({}, ['--virtual-clock', '--size=S'])).toHaveLength(2);
    expect(faults({}, ['--demo', '--virtual-clock=fast'])).toEqual([
      '--virtual-clock must be a rate such as 1 or 60',
    ]);
    expect(faults({}, ['--demo=yes'])).toEqual(['--demo takes no value']);
  });
});
