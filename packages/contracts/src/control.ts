import { z } from 'zod';
import { Id, Instant, PageQuery, Ref, Text } from './common.ts';

/**
 * 采集控制: a zone where a category is not collected, hours in which it is not, and categories that are checked in
 * the hours in which they were found (同时段核查).
 */
export const CONTROL_KINDS = ['noCollect', 'noCollectHours', 'samePeriod'] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Wall clock of the city; a night that begins at 22:00 ends at 06:00 of the day after. */
export const ControlHours = z
  .object({
    from: z.string().regex(TIME),
    to: z
      .string()
      .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/)
      .meta({ description: 'not later than `from`: on the day after' }),
  })
  .meta({ id: 'ControlHours' });
export type ControlHours = z.infer<typeof ControlHours>;

const Weekdays = z
  .array(z.int().min(1).max(7))
  .min(1)
  .max(7)
  .meta({ description: 'ISO 8601, 1 is Monday; days on which the hours begin' });

/** GeoJSON (RFC 7946), so WGS 84. */
const Ring = z.array(z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])).min(4);
export const ControlGeometry = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('Polygon'), coordinates: z.array(Ring).min(1).max(100) }),
    z.object({
      type: z.literal('MultiPolygon'),
      coordinates: z.array(z.array(Ring).min(1).max(100)).min(1).max(100),
    }),
  ])
  .meta({ id: 'ControlGeometry' });
export type ControlGeometry = z.infer<typeof ControlGeometry>;

const fields = {
  kind: z.enum(CONTROL_KINDS),
  name: Text,
  regionId: Id.optional().meta({ description: 'a region, or `geometry`; neither: the whole city' }),
  geometry: ControlGeometry.optional(),
  categoryIds: z.array(Id).min(1).max(200).optional().meta({
    description: 'small classes, or big ones with all below them; left out: every category',
  }),
  hours: ControlHours.optional(),
  weekdays: Weekdays.optional().meta({ description: 'left out: every day' }),
  validFrom: Instant.optional().meta({ description: 'now, where it is left out; never before' }),
  validTo: Instant.optional(),
};

export const NewControl = z
  .object({ code: z.string().trim().min(1).max(60), ...fields })
  .meta({ id: 'NewControl' });
export type NewControl = z.output<typeof NewControl>;

/** What it says from `validFrom` on: the control of until then ends, this one takes its code and place. */
export const ControlChange = z.object(fields).meta({ id: 'ControlChange' });
export type ControlChange = z.output<typeof ControlChange>;

export const ControlEnd = z
  .object({ validTo: Instant.optional().meta({ description: 'now, where it is left out; never before' }) })
  .meta({ id: 'ControlEnd' });

export const Control = z
  .object({
    id: Id,
    code: z.string(),
    kind: z.enum(CONTROL_KINDS),
    name: Text,
    region: Ref.nullable(),
    drawn: z.boolean().meta({ description: 'has an area of its own' }),
    categories: z.array(Ref).nullable().meta({ description: 'null: every category' }),
    hours: ControlHours.nullable(),
    weekdays: z.array(z.int()).nullable(),
    validFrom: Instant,
    validTo: Instant.nullable(),
  })
  .meta({ id: 'Control' });
export type Control = z.infer<typeof Control>;

export const ControlDetail = Control.extend({ geometry: ControlGeometry.nullable() }).meta({
  id: 'ControlDetail',
});
export type ControlDetail = z.infer<typeof ControlDetail>;

export const ControlQuery = PageQuery.extend({
  kind: z.enum(CONTROL_KINDS).optional(),
  categoryId: Id.optional().meta({ description: 'those that speak of it' }),
  regionId: Id.optional(),
  at: Instant.optional().meta({ description: 'in force then; left out: also what ended and what comes' }),
});

/** What speaks of a place, a category and a moment. */
export const ControlHint = z
  .object({
    id: Id,
    code: z.string(),
    kind: z.enum(CONTROL_KINDS),
    name: Text,
    hours: ControlHours.nullable(),
  })
  .meta({ id: 'ControlHint' });
export type ControlHint = z.infer<typeof ControlHint>;

export const ControlsAtQuery = z.object({
  lon: z.coerce.number().min(-180).max(180),
  lat: z.coerce.number().min(-90).max(90),
  crs: z.enum(['wgs84', 'gcj02', 'bd09']).default('wgs84'),
  categoryId: Id.optional(),
  at: Instant.optional().meta({ description: 'now, where it is left out' }),
});

export const ControlsAtReply = z
  .object({
    items: z.array(ControlHint),
    collected: z.boolean().meta({ description: "false: a collector's report of it would be refused" }),
  })
  .meta({ id: 'ControlsAt' });

/** Controls in force that touch a box, regions drawn as they are. */
export const ControlMap = z
  .object({
    type: z.literal('FeatureCollection'),
    features: z.array(
      z.object({
        type: z.literal('Feature'),
        id: Id,
        geometry: z.record(z.string(), z.unknown()),
        properties: z.object({
          code: z.string(),
          kind: z.enum(CONTROL_KINDS),
          name: Text,
          hours: ControlHours.nullable(),
        }),
      }),
    ),
  })
  .meta({ id: 'ControlMap' });
export type ControlMap = z.infer<typeof ControlMap>;
