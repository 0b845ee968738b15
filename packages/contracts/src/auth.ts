import { z } from 'zod';
import { Id, Instant, Ref, Text } from './common.ts';
import { PERMISSIONS } from './permissions.ts';
import { ROLES, SCOPE_KINDS, UNIT_KINDS } from './vocabulary.ts';

export const LoginBody = z
  .object({
    username: z.string().trim().min(1).max(64),
    password: z.string().min(1).max(256),
  })
  .meta({ id: 'LoginBody' });

/** 岗位: person × unit × role, from–to. People act through one. */
export const Post = z
  .object({
    id: Id,
    name: Text,
    role: z.enum(ROLES),
    roleName: Text,
    unit: Ref.extend({ kind: z.enum(UNIT_KINDS) }),
    scope: z.object({ kind: z.enum(SCOPE_KINDS), region: Ref.nullable() }),
  })
  .meta({ id: 'Post' });
export type Post = z.infer<typeof Post>;

export const Me = z
  .object({
    person: z.object({ id: Id, username: z.string(), name: z.string(), locale: z.string() }),
    city: z.object({
      id: Id,
      code: z.string(),
      name: Text,
      timeZone: z.string(),
      bounds: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable().meta({
        description: 'west, south, east, north (EPSG:4326)',
      }),
    }),
    posts: z.array(Post),
    post: Post.meta({ description: 'the post this session acts through' }),
    permissions: z.array(z.enum(PERMISSIONS)),
    csrf: z.string().meta({ description: 'send as X-CSRF-Token with every write of a cookie session' }),
    now: Instant.meta({ description: "the server's clock: screens count down against it" }),
    clockRate: z.number().meta({ description: '1, or the pace of a demo on a virtual clock' }),
    demo: z.boolean(),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

export const LoginReply = z
  .object({ token: z.string(), expiresAt: Instant, me: Me })
  .meta({ id: 'LoginReply' });
export type LoginReply = z.infer<typeof LoginReply>;

export const SwitchPostBody = z.object({ postId: Id }).meta({ id: 'SwitchPostBody' });
export const ChangePasswordBody = z
  .object({ current: z.string().min(1).max(256), next: z.string().min(10).max(256) })
  .meta({ id: 'ChangePasswordBody' });

export const DemoAccount = z
  .object({
    username: z.string(),
    name: z.string(),
    posts: z.array(
      z.object({
        id: Id,
        role: z.enum(ROLES),
        roleName: Text,
        unit: Ref,
        scope: z.object({ kind: z.enum(SCOPE_KINDS), region: Ref.nullable() }),
      }),
    ),
  })
  .meta({ id: 'DemoAccount' });
export type DemoAccount = z.infer<typeof DemoAccount>;
