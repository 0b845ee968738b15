import { randomBytes } from 'node:crypto';
import { ROLES, type Role } from '@wanmi/contracts';
import { releaseClock, startDemo } from '#modules/demo';
import type { DemoSize } from './platform/config.ts';
import { hashPassword, verifyPassword } from './platform/password.ts';
import type { Platform } from './platform/platform.ts';
import { loadCity, rulesOfModel } from './seeding/load-city.ts';

export interface RunningDemo {
  /** Common to all people of the demo city. */
  readonly password: string;
  /** One of each role, in the order in which a case meets them. */
  readonly accounts: readonly DemoPerson[];
  stop(): Promise<void>;
}

/** Reports a minute: a larger city has more to tell. */
const PACE: Readonly<Record<DemoSize, number>> = { S: 2, M: 3, L: 5, XL: 5 };

export interface DemoPerson {
  readonly username: string;
  readonly role: Role;
}

/** The one place where a demo city is made and played; `url` is the server's own, null without the service `web`. */
export async function bootDemo(platform: Platform, url: string | null): Promise<RunningDemo> {
  const { password, passwordHash } = await demoPassword(platform);
  const { size = 'S', model, pastReports, reportsPerMinute } = platform.config.demo ?? {};
  if (size === 'XL') platform.log.warn('no city larger than L can be generated yet: L is taken');
  await loadCity(platform, {
    size: size === 'XL' ? 'L' : size,
    passwordHash,
    ...(model === undefined ? {} : { rules: await rulesOfModel(model) }),
  });
  const accounts = await oneOfEachRole(platform);
  if (url === null) {
    releaseClock(platform);
    return { password, accounts, stop: async () => {} };
  }
  const demo = startDemo(platform, {
    url,
    password,
    ...(pastReports === undefined ? {} : { pastReports }),
    reportsPerMinute: reportsPerMinute ?? PACE[size],
  });
  return { password, accounts, stop: () => demo.stop() };
}

async function oneOfEachRole({ pool }: Platform): Promise<DemoPerson[]> {
  const { rows } = await pool.query<DemoPerson>(
    `select distinct on (r.code) p.username, r.code as role
     from post o join role r on r.id = o.role_id join person p on p.id = o.person_id
     where o.valid_to is null and p.valid_to is null order by r.code, length(p.username), p.username`,
  );
  return rows.sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
}

export interface DemoPassword {
  readonly password: string;
  readonly passwordHash: string;
}

/** The common password: as set, else the one of the start before, else a random one. */
export async function demoPassword(platform: Platform): Promise<DemoPassword> {
  const { pool, config } = platform;
  const { rows } = await pool.query<{ key: string; value: string }>(
    `select key, value #>> '{}' as value from instance where key in ('demo.password', 'demo.passwordHash')`,
  );
  const kept = new Map(rows.map((row) => [row.key, row.value]));
  const password = config.demo?.password ?? kept.get('demo.password') ?? randomBytes(9).toString('base64url');
  const oldHash = kept.get('demo.passwordHash') ?? null;
  if (oldHash !== null && (await verifyPassword(password, oldHash)))
    return { password, passwordHash: oldHash };
  const passwordHash = await hashPassword(password);
  await keep(platform, 'demo.password', password);
  await keep(platform, 'demo.passwordHash', passwordHash);
  // Whoever still has the common password of before gets the new one; a password of one's own stays.
  if (oldHash !== null) {
    await pool.query('update person set password_hash = $1 where password_hash = $2', [
      passwordHash,
      oldHash,
    ]);
  }
  return { password, passwordHash };
}

async function keep({ pool }: Platform, key: string, value: string): Promise<void> {
  await pool.query(
    `insert into instance (key, value) values ($1, to_jsonb($2::text))
     on conflict (key) do update set value = excluded.value`,
    [key, value],
  );
}
