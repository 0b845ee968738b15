import { z } from 'zod';
import { Id, Point, Ref, Text } from './common.ts';
import { CATEGORY_KINDS, GRID_KINDS, LIMIT_UNITS, REGION_KINDS, SOURCES, UNIT_KINDS } from './vocabulary.ts';

export const Limit = z.object({ value: z.number(), unit: z.enum(LIMIT_UNITS) }).meta({ id: 'Limit' });
export type Limit = z.infer<typeof Limit>;

export const Category = z
  .object({
    id: Id,
    scheme: z.string(),
    kind: z.enum(CATEGORY_KINDS),
    code: z.string(),
    level: z.int(),
    parentId: Id.nullable(),
    name: Text,
  })
  .meta({ id: 'Category' });
export type Category = z.infer<typeof Category>;

/** 立案条件: the filing condition; limit and closing rule hang on it. */
export const Condition = z
  .object({
    id: Id,
    categoryId: Id,
    code: z.string(),
    name: Text,
    closing: Text,
    limit: Limit,
    gradeLimits: z.object({ A: Limit, B: Limit, C: Limit }).nullable(),
    department: Ref.nullable().meta({
      description: 'responsible by the manual in force, where it is certain',
    }),
  })
  .meta({ id: 'Condition' });
export type Condition = z.infer<typeof Condition>;

export const SourceInfo = z
  .object({ code: z.enum(SOURCES), name: Text, verify: z.boolean() })
  .meta({ id: 'Source' });

export const Phrase = z.object({ action: z.string(), text: Text }).meta({ id: 'Phrase' });

/** What a city calls steps and actions of its own (codes `x-…`), as its drawings name them. */
export const OwnWords = z
  .object({ steps: z.record(z.string(), Text), actions: z.record(z.string(), Text) })
  .meta({ id: 'OwnWords' });
export type OwnWords = z.infer<typeof OwnWords>;

export const Region = z
  .object({
    id: Id,
    kind: z.enum(REGION_KINDS),
    parentId: Id.nullable(),
    code: z.string(),
    name: Text,
  })
  .meta({ id: 'Region' });
export type Region = z.infer<typeof Region>;

export const Unit = z
  .object({
    id: Id,
    kind: z.enum(UNIT_KINDS),
    parentId: Id.nullable(),
    regionId: Id.nullable(),
    code: z.string(),
    name: Text,
    openCount: z.int().optional(),
  })
  .meta({ id: 'Unit' });
export type Unit = z.infer<typeof Unit>;

export const Grid = z
  .object({ id: Id, kind: z.enum(GRID_KINDS), code: z.string(), name: Text })
  .meta({ id: 'Grid' });

/** Everything that follows from a point: the unit grid by one indexed look-up, the rest by key. */
export const PlaceFacts = z
  .object({
    unitGrid: Grid.nullable(),
    patrolGrid: Grid.nullable(),
    district: Ref.nullable(),
    street: Ref.nullable(),
    community: Ref.nullable(),
    grade: z.enum(['A', 'B', 'C']).nullable(),
    insideCity: z.boolean(),
  })
  .meta({ id: 'PlaceFacts' });
export type PlaceFacts = z.infer<typeof PlaceFacts>;

export const Asset = z
  .object({
    id: Id,
    code: z.string(),
    category: Ref,
    point: Point.nullable(),
    address: z.string().nullable(),
    owner: Ref.nullable(),
    state: z.string(),
    distance: z.number().optional().meta({ description: 'metres from the asked point' }),
  })
  .meta({ id: 'Asset' });
export type Asset = z.infer<typeof Asset>;
