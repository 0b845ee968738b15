import { z } from 'zod';
import { Ref } from './common.ts';
import { SOURCES } from './vocabulary.ts';

const Day = z.iso.date().meta({ description: "the city's day" });

export const OverviewQuery = z.object({
  from: Day.optional(),
  to: Day.optional(),
  regionId: z.uuid().optional(),
});

/** Counts of a period: reported and filed by their own dates, closed and on time by the closing date. */
export const Overview = z
  .object({
    from: Day,
    to: Day,
    reported: z.int(),
    filed: z.int(),
    dispatched: z.int(),
    closed: z.int(),
    closedOnTime: z.int().meta({ description: 'closed, and every assignment responded within its limit' }),
    ended: z.int(),
    open: z.int().meta({ description: 'open now' }),
    openOverdue: z.int(),
    byDay: z.array(z.object({ day: Day, reported: z.int(), filed: z.int(), closed: z.int() })),
    bySource: z.array(z.object({ source: z.enum(SOURCES), reported: z.int() })),
    byCategory: z.array(z.object({ category: Ref, reported: z.int() })),
    byDepartment: z.array(
      z.object({
        unit: Ref,
        dispatched: z.int(),
        responded: z.int(),
        onTime: z.int(),
        overdue: z.int(),
        open: z.int(),
      }),
    ),
    byDistrict: z.array(z.object({ region: Ref, reported: z.int(), filed: z.int(), closed: z.int() })),
    asOf: z.string(),
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof Overview>;
