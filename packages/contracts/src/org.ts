import { z } from 'zod';
import { Post } from './auth.ts';
import { Id, Instant, PageQuery, Ref, Text } from './common.ts';
import { REGION_KINDS, ROLES, SCOPE_KINDS, UNIT_KINDS } from './vocabulary.ts';

/** Lists that a screen holds whole: regions, units, the people of a demo. */
const WideQuery = PageQuery.extend({ limit: z.coerce.number().int().min(1).max(5000).default(2000) });

export const RegionQuery = WideQuery.extend({
  kind: z.enum(REGION_KINDS).optional(),
  parentId: Id.optional(),
});

export const UnitQuery = WideQuery.extend({
  kind: z.enum(UNIT_KINDS).optional(),
  parentId: Id.optional(),
});

export const DemoAccountQuery = WideQuery;

export const PersonQuery = PageQuery.extend({
  unitId: Id.optional(),
  role: z.enum(ROLES).optional(),
  q: z.string().trim().min(1).max(60).optional().meta({ description: 'beginning of a name or user name' }),
});

export const Person = z
  .object({
    id: Id,
    username: z.string(),
    name: z.string(),
    phone: z.string().nullable().meta({ description: 'masked' }),
    active: z.boolean(),
    posts: z.array(Post),
  })
  .meta({ id: 'Person' });
export type Person = z.infer<typeof Person>;

export const PersonDetail = Person.extend({
  locale: z.string(),
  validFrom: Instant,
  validTo: Instant.nullable(),
  lockedUntil: Instant.nullable(),
}).meta({ id: 'PersonDetail' });
export type PersonDetail = z.infer<typeof PersonDetail>;

export const Username = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{1,63}$/u)
  .meta({ description: 'letters, digits, dot, dash, underscore; capitals do not count' });

export const NewPost = z
  .object({
    unitId: Id,
    role: z.enum(ROLES),
    name: Text.optional().meta({ description: "default: the role's name" }),
    scope: z.enum(SCOPE_KINDS),
    scopeRegionId: Id.optional().meta({ description: 'with scope `region`' }),
    patrolGridIds: z.array(Id).max(200).default([]).meta({ description: "a collector's beats" }),
  })
  .meta({ id: 'NewPost' });

export const NewPerson = z
  .object({
    username: Username,
    name: z.string().trim().min(1).max(60),
    phone: z
      .string()
      .trim()
      .regex(/^[+\d][\d\- ]{4,19}$/)
      .optional(),
    locale: z.enum(['zh-CN', 'en']).default('zh-CN'),
    password: z.string().min(10).max(256),
    posts: z.array(NewPost).max(10).default([]),
  })
  .meta({ id: 'NewPerson' });

export const ResetPasswordBody = z
  .object({ password: z.string().min(10).max(256) })
  .meta({ id: 'ResetPasswordBody' });

/** As in the table of units that is published: other tables name it. */
const UnitCode = z
  .string()
  .trim()
  .regex(/^\S{1,40}$/u)
  .meta({ description: 'without blanks' });

export const NewUnit = z
  .object({
    kind: z.enum(UNIT_KINDS),
    code: UnitCode,
    name: Text,
    parentId: Id.optional(),
    regionId: Id.optional(),
  })
  .meta({ id: 'NewUnit' });

export const RenameUnitBody = z
  .object({ name: Text, code: UnitCode.optional() })
  .meta({ id: 'RenameUnitBody' });

export const CloseUnitBody = z
  .object({
    successorId: Id.optional().meta({
      description: 'takes over its posts, sub-units and open work; without one it must have none',
    }),
  })
  .meta({ id: 'CloseUnitBody' });

/** What became of the unit that was closed or renamed. */
export const UnitMoved = z
  .object({ from: Id, to: Ref.nullable(), posts: z.int(), units: z.int() })
  .meta({ id: 'UnitMoved' });
export type UnitMoved = z.infer<typeof UnitMoved>;

export const DemoClockBody = z
  .object({
    advanceMs: z
      .int()
      .min(0)
      .max(366 * 86_400_000)
      .optional(),
    rate: z.number().min(0).max(100_000).optional(),
  })
  .refine((body) => (body.advanceMs === undefined) !== (body.rate === undefined), 'advanceMs or rate')
  .meta({ id: 'DemoClockBody' });

export const DemoClock = z.object({ now: Instant, rate: z.number() }).meta({ id: 'DemoClock' });
