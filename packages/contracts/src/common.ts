import { z } from 'zod';

/** UUIDv7; made by us or by a phone that was offline. */
export const Id = z
  .uuid()
  .meta({ description: 'UUIDv7', examples: ['019ab2c4-7f00-7abc-8def-0123456789ab'] });

/** A name in data, in the languages of the product. */
export const Text = z.object({ 'zh-CN': z.string(), en: z.string() }).meta({ id: 'Text' });
export type Text = z.infer<typeof Text>;

/** ISO 8601 instant in UTC. */
export const Instant = z.iso.datetime({ offset: true });

/** EPSG:4326 unless `crs` says otherwise; GCJ-02 and BD-09 are converted at the door and marked. */
export const Position = z
  .object({
    lon: z.number().min(-180).max(180),
    lat: z.number().min(-90).max(90),
    crs: z.enum(['wgs84', 'gcj02', 'bd09']).default('wgs84'),
    accuracy: z.number().min(0).max(100_000).optional().meta({ description: 'metres' }),
  })
  .meta({ id: 'Position' });

/** A stored point, always WGS 84. */
export const Point = z.object({ lon: z.number(), lat: z.number() }).meta({ id: 'Point' });
export type Point = z.infer<typeof Point>;

/** Anything with an id, a code and a name. */
export const Ref = z.object({ id: Id, code: z.string(), name: Text }).meta({ id: 'Ref' });
export type Ref = z.infer<typeof Ref>;

/** Keyset paging: `cursor` is opaque and comes from `next` of the page before. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});

/** One page; `next` is null on the last one. Totals are not counted: lists can be very long. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

/** RFC 9457 with a stable `code`. */
export const ProblemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    requestId: z.string().optional(),
    params: z.record(z.string(), z.unknown()).optional(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type ProblemDetails = z.infer<typeof ProblemDetails>;
