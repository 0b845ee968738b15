import type { Role, SCOPE_KINDS } from '@wanmi/contracts';
import { ROLE_NAMES } from '@wanmi/contracts';
import { hashPassword } from '../platform/password.ts';
import type { Platform } from '../platform/platform.ts';
import { createPerson, createPost } from '../modules/org/index.ts';
import { openSession } from '../modules/org/sessions.ts';

/** Everybody's in a test; hashed once per process, because that is made to be slow. */
export const PASSWORD = 'correct horse battery';
let hash: Promise<string> | undefined;
export const passwordHash = (): Promise<string> => (hash ??= hashPassword(PASSWORD));

export interface TestPerson {
  readonly username: string;
  readonly personId: string;
  readonly postId: string;
  readonly unitId: string;
  readonly role: Role;
  readonly token: string;
}

export interface PersonPlan {
  username: string;
  role: Role;
  roleId: string;
  unitId: string;
  scope: (typeof SCOPE_KINDS)[number];
  scopeRegionId?: string;
  patrolGridIds?: string[];
}

/** A person with one post and an open session. */
export async function testPerson(platform: Platform, cityId: string, plan: PersonPlan): Promise<TestPerson> {
  const { db } = platform;
  const { username, role, unitId } = plan;
  const personId = await createPerson(db, platform, {
    cityId,
    username,
    name: `${ROLE_NAMES[role]['zh-CN']}${username}`,
    phone: '13800001234',
    passwordHash: await passwordHash(),
  });
  const postId = await createPost(db, platform, {
    cityId,
    personId,
    unitId,
    roleId: plan.roleId,
    name: ROLE_NAMES[role],
    scope: plan.scope,
    scopeRegionId: plan.scopeRegionId ?? null,
    patrolGridIds: plan.patrolGridIds ?? [],
  });
  const { token } = await openSession(db, platform, {
    cityId,
    personId,
    postId,
    kind: 'bearer',
    ip: '127.0.0.1',
    agent: undefined,
  });
  return { username, personId, postId, unitId, role, token };
}
