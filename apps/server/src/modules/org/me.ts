import { PERMISSIONS } from '@wanmi/contracts';
import type { Me } from '@wanmi/contracts';
import { audit } from '#modules/audit';
import type { Actor } from '#platform/actor';
import { VirtualClock } from '#platform/clock';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import type { RequestSession } from '#platform/http-access';
import { hashPassword, verifyPassword } from '#platform/password';
import type { Platform } from '#platform/platform';
import { cityOf } from './directory.ts';
import { failed, forgetFailures, locked, lockedFor } from './failures.ts';
import { inTurn } from './login.ts';
import { checkPassword } from './password-rule.ts';
import { heldPosts } from './posts.ts';
import { endSessions, forgetSessions, moveSession, renewSession } from './sessions.ts';
import type { Renewed } from './sessions.ts';

/** Who is signed in, as what, where; everything a screen needs before its first list. */
export async function meOf(platform: Platform, actor: Actor, csrf: string): Promise<Me> {
  const { db, clock, config } = platform;
  const now = clock.now();
  const [person, city, posts] = await Promise.all([
    readPerson(platform, actor.personId),
    cityOf(platform, actor.cityId),
    heldPosts(db, actor.personId, now),
  ]);
  const post = posts.find((one) => one.id === actor.postId);
  if (!post) throw problem('auth.expired');
  const { bounds } = city;
  return {
    person: { id: actor.personId, username: person.username, name: person.name, locale: person.locale },
    city: {
      id: city.id,
      code: city.code,
      name: city.name,
      timeZone: city.timeZone,
      bounds: bounds ? [...bounds] : null,
    },
    posts,
    post,
    permissions: PERMISSIONS.filter((permission) => actor.permissions.has(permission)),
    csrf,
    now: new Date(now).toISOString(),
    clockRate: clock instanceof VirtualClock ? clock.rate : 1,
    demo: config.demo !== null,
  };
}

async function readPerson({ db }: Platform, personId: string) {
  return db
    .selectFrom('person as p')
    .innerJoin('person_profile as f', 'f.person_id', 'p.id')
    .select(['p.username', 'p.locale', 'p.password_hash as hash', 'f.name'])
    .where('p.id', '=', personId)
    .executeTakeFirstOrThrow();
}

/** The session acts through another post of its person from now on. */
export async function switchPost(
  platform: Platform,
  actor: Actor,
  session: RequestSession,
  postId: string,
  meta: CommandMeta,
): Promise<Renewed> {
  const posts = await heldPosts(platform.db, actor.personId, platform.clock.now());
  if (!posts.some((post) => post.id === postId)) throw problem('notFound');
  const renewed = await platform.db.transaction().execute(async (trx) => {
    await moveSession(trx, session.tokenHash, postId);
    await audit(trx, platform, {
      actor,
      action: 'auth.switchPost',
      entity: 'post',
      entityId: postId,
      outcome: 'ok',
      ...meta,
    });
    return renewSession(trx, session);
  });
  // Live streams of the old post end too: they were filtered by its rights.
  forgetSessions(platform, [session.tokenHash]);
  return renewed;
}

/** A new password for the old one; whoever is signed in elsewhere must do so again. */
export async function changePassword(
  platform: Platform,
  actor: Actor,
  session: RequestSession,
  passwords: { current: string; next: string },
  meta: CommandMeta,
): Promise<Renewed> {
  const { username } = await readPerson(platform, actor.personId);
  return inTurn(platform, username.toLowerCase(), async () => {
    const person = await readPerson(platform, actor.personId);
    const attempt = { username, ip: meta.ip ?? '', personId: actor.personId };
    const shut = await lockedFor(platform, attempt);
    if (shut > 0) throw locked(shut);
    const entry = {
      actor,
      action: 'auth.changePassword',
      entity: 'person',
      entityId: actor.personId,
      ...meta,
    };
    if (!(await verifyPassword(passwords.current, person.hash))) {
      await audit(platform.db, platform, { ...entry, outcome: 'refused' });
      throw await failed(platform, attempt);
    }
    checkPassword(passwords.next, [username, person.name, passwords.current]);
    const hash = await hashPassword(passwords.next);
    const { ended, renewed } = await platform.db.transaction().execute(async (trx) => {
      await trx.updateTable('person').set({ password_hash: hash }).where('id', '=', actor.personId).execute();
      await forgetFailures(trx, platform, username);
      await audit(trx, platform, { ...entry, outcome: 'ok' });
      const others = await endSessions(trx, platform, {
        personId: actor.personId,
        except: session.tokenHash,
      });
      return { ended: others, renewed: await renewSession(trx, session) };
    });
    forgetSessions(platform, renewed.token === null ? ended : [...ended, session.tokenHash]);
    return renewed;
  });
}
