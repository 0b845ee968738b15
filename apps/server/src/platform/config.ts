import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const SERVICES = ['web', 'worker', 'ingest'] as const;
export type Service = (typeof SERVICES)[number];
export const DEMO_SIZES = ['S', 'M', 'L', 'XL'] as const;
/** Cities whose rules are shipped beside the common ones. */
export const DEMO_MODELS = ['district', 'twoLevels', 'county'] as const;
export type DemoModel = (typeof DEMO_MODELS)[number];
export type DemoSize = (typeof DEMO_SIZES)[number];
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface DemoConfig {
  readonly size: DemoSize;
  /** Whose rules it has (`config/city/<model>`); left out: the shipped ones. */
  readonly model?: DemoModel;
  readonly password: string | null;
  /** Reports of the days before; 0: the city begins empty. */
  readonly pastReports?: number;
  /** How lively the present is; 0: nobody plays, the city belongs to whoever signs in. */
  readonly reportsPerMinute?: number;
}

/** Everything that can be set from outside, parsed once at start; nothing else reads the environment. */
export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Absolute folder of everything this installation keeps: database, files, keys. */
  readonly home: string;
  /** null: the private cluster in `home`. */
  readonly databaseUrl: string | null;
  readonly dbPool: number;
  readonly services: ReadonlySet<Service>;
  /** null: a real city. A demo listens on this machine alone. */
  readonly demo: DemoConfig | null;
  /** Virtual seconds per real second; null: the machine's clock. Only a demo may have one. */
  readonly virtualClock: { readonly rate: number } | null;
  /** null: plain HTTP only. Without cert and key a local CA issues the certificate. */
  readonly https: { readonly port: number; readonly cert: string | null; readonly key: string | null } | null;
  readonly logLevel: LogLevel;
  /** Folder outside the database where each day's Merkle root of the case log is written. */
  readonly logRoot: string;
  /** Where backups go; null: nowhere. Only of the private cluster, whose data directory we know. */
  readonly backupDir: string | null;
  readonly sessionDays: number;
  readonly mediaMaxBytes: number;
  /**
   * Behind proxies of one's own: how many, or where they are. The client's address is then what the outermost of them
   * wrote into X-Forwarded-For; what stands before it there was written by the client.
   */
  readonly trustProxy: false | number | readonly string[];
}

/** All that is wrong with the settings, one sentence each. Values are not repeated: some are secrets. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

const whole = (from: number, to: number) => {
  const text = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, text)
    .transform(Number)
    .refine((n) => n >= from && n <= to, text);
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`);
const list = (text: string): string[] => text.split(',').map((one) => one.trim());
const isNetwork = (text: string): boolean => {
  const [address = '', bits] = text.split('/');
  const widest = isIP(address) === 4 ? 32 : 128;
  return isIP(address) > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest));
};
/** `true` is one proxy. All hops are never believed: the first address of X-Forwarded-For is anybody's to write. */
const proxies = z
  .string()
  .refine(
    (text) => /^(true|false|\d)$/.test(text) || list(text).every(isNetwork),
    'must be true, false, the number of proxies (up to 9), or a list of their addresses or networks',
  )
  .transform((text): Config['trustProxy'] => {
    if (text === 'false' || text === '0') return false;
    if (text === 'true') return 1;
    return /^\d$/.test(text) ? Number(text) : list(text);
  });
const services = z
  .string()
  .transform((list) => list.split(',').map((name) => name.trim()))
  .refine(
    (names) => names.every((name) => SERVICES.includes(name as Service)),
    `must be a list of ${SERVICES.join(', ')}`,
  )
  .transform((names): ReadonlySet<Service> => new Set(names as Service[]));

const settings = z.object({
  PORT: whole(0, 65_535).default(8080),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an address')
    .optional(),
  WANMI_HOME: z.string().default('.wanmi'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  WANMI_DB_POOL: whole(2, 100).default(8),
  WANMI_SERVICES: services.default(new Set(SERVICES)),
  WANMI_DEMO_PASSWORD: z
    .string()
    .min(8, 'must have at least 8 characters')
    .max(256, 'must have at most 256 characters')
    .optional(),
  WANMI_DEMO_PAST: whole(0, 5_000_000).optional(),
  WANMI_DEMO_PACE: whole(0, 60).optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  HTTPS_PORT: whole(0, 65_535).optional(),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  WANMI_LOG_ROOT: z.string().optional(),
  WANMI_BACKUP_DIR: z.string().optional(),
  SESSION_DAYS: whole(1, 365).default(7),
  WANMI_MEDIA_MAX_MB: whole(1, 2000).default(100),
  WANMI_TRUST_PROXY: proxies.default(false),
  '--size': z.string().toUpperCase().pipe(oneOf(DEMO_SIZES)).optional(),
  '--model': oneOf(DEMO_MODELS).optional(),
  '--virtual-clock': z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/, 'must be a rate such as 1 or 60')
    .transform(Number)
    .optional(),
});

/** Options that say the same as a variable; the option wins. */
const flagVariables: Readonly<Record<string, string>> = {
  port: 'PORT',
  host: 'HOST',
  home: 'WANMI_HOME',
  services: 'WANMI_SERVICES',
  'log-level': 'LOG_LEVEL',
};

/** Reads environment and options; throws a ConfigError that lists every fault at once. */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[] = [],
): Config {
  const options = readOptions(argv);
  const raw: Record<string, string> = {};
  for (const name of Object.keys(settings.shape)) {
    const value = env[name]?.trim();
    if (value && !name.startsWith('--')) raw[name] = value; // an empty variable is an unset one
  }
  Object.assign(raw, options.values);
  const parsed = settings.safeParse(raw);
  const faults = [...options.faults, ...contradictions(raw, options.demo)];
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    faults.push(`${options.flagOf.get(name) ?? name} ${issue.message}`);
  }
  if (!parsed.success || faults.length) throw new ConfigError(faults);
  return toConfig(parsed.data, options.demo);
}

function toConfig(set: z.output<typeof settings>, demo: boolean): Config {
  const home = resolve(set.WANMI_HOME);
  const rate = set['--virtual-clock'];
  const https = set.HTTPS_PORT !== undefined || set.TLS_CERT !== undefined;
  return {
    host: set.HOST ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    port: set.PORT,
    home,
    databaseUrl: set.DATABASE_URL ?? null,
    dbPool: set.WANMI_DB_POOL,
    services: set.WANMI_SERVICES,
    demo: demo ? demoConfig(set) : null,
    virtualClock: rate === undefined ? null : { rate },
    https: https
      ? { port: set.HTTPS_PORT ?? 8443, cert: absolute(set.TLS_CERT), key: absolute(set.TLS_KEY) }
      : null,
    logLevel: set.LOG_LEVEL,
    logRoot: absolute(set.WANMI_LOG_ROOT) ?? resolve(home, 'log-roots'),
    backupDir: backupDir(set, home, demo),
    sessionDays: set.SESSION_DAYS,
    mediaMaxBytes: set.WANMI_MEDIA_MAX_MB * 1024 * 1024,
    trustProxy: set.WANMI_TRUST_PROXY,
  };
}

/** A real city has backups unless somebody says off; a demo has them where somebody names a place. */
function backupDir(set: z.output<typeof settings>, home: string, demo: boolean): string | null {
  if (set.DATABASE_URL !== undefined || set.WANMI_BACKUP_DIR === 'off') return null;
  return absolute(set.WANMI_BACKUP_DIR) ?? (demo ? null : resolve(home, 'backups'));
}

function demoConfig(set: z.output<typeof settings>): DemoConfig {
  const { WANMI_DEMO_PAST: past, WANMI_DEMO_PACE: pace } = set;
  return {
    size: set['--size'] ?? 'S',
    ...(set['--model'] === undefined ? {} : { model: set['--model'] }),
    password: set.WANMI_DEMO_PASSWORD ?? null,
    ...(past === undefined ? {} : { pastReports: past }),
    ...(pace === undefined ? {} : { reportsPerMinute: pace }),
  };
}

function absolute(path: string | undefined): string | null {
  return path === undefined ? null : resolve(path);
}

interface Options {
  values: Record<string, string>;
  demo: boolean;
  faults: string[];
  /** How a setting was given, so that a fault names the option that the operator typed. */
  flagOf: Map<string, string>;
}

function readOptions(argv: readonly string[]): Options {
  const read: Options = { values: {}, demo: false, faults: [], flagOf: new Map() };
  const withValue = [...Object.keys(flagVariables), 'size', 'model'];
  const options = Object.fromEntries(withValue.map((name) => [name, { type: 'string' as const }]));
  // Not strict: parseArgs would stop at the first fault.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') read.faults.push(`${token.value} is not an option`);
    if (token.kind !== 'option') continue;
    const flag = token.rawName;
    if (token.name === 'demo' && flag === '--demo') {
      if (token.value === undefined) read.demo = true;
      else read.faults.push('--demo takes no value');
    } else if (flag === '--virtual-clock') {
      read.values['--virtual-clock'] = token.value ?? '1';
    } else if (!withValue.includes(token.name) || flag !== `--${token.name}`) {
      read.faults.push(`${flag} is not an option`);
    } else if (!token.value || token.value.startsWith('--')) {
      read.faults.push(`${flag} needs a value`);
    } else {
      const setting = flagVariables[token.name] ?? flag;
      read.values[setting] = token.value;
      read.flagOf.set(setting, flag);
    }
  }
  return read;
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

function contradictions(raw: Readonly<Record<string, string>>, demo: boolean): string[] {
  const faults: string[] = [];
  if (demo && raw['HOST'] !== undefined && !loopback.test(raw['HOST'])) {
    faults.push('a demo listens on this machine alone: leave HOST out, or use 127.0.0.1');
  }
  if (!demo && raw['--size'] !== undefined) faults.push('--size belongs to --demo');
  if (!demo && raw['--model'] !== undefined) faults.push('--model belongs to --demo');
  if (!demo && raw['--virtual-clock'] !== undefined) {
    faults.push('only a demo may run on a virtual clock: add --demo, or leave --virtual-clock out');
  }
  if (raw['DATABASE_URL'] !== undefined && (raw['WANMI_BACKUP_DIR'] ?? 'off') !== 'off') {
    faults.push(
      'WANMI_BACKUP_DIR is for the private database: a server of DATABASE_URL is backed up by whoever runs it',
    );
  }
  if ((raw['TLS_CERT'] === undefined) !== (raw['TLS_KEY'] === undefined)) {
    faults.push('TLS_CERT and TLS_KEY belong together: set both or neither');
  }
  return faults;
}
