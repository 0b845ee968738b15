import { z } from 'zod';
import { Ref } from './common.ts';
import { OUTCOMES, SOURCES } from './vocabulary.ts';

const Day = z.iso.date().meta({ description: "the city's day" });

export const OverviewQuery = z.object({
  from: Day.optional(),
  to: Day.optional(),
  regionId: z.uuid().optional(),
});

/**
 * Counts of a period: reported and filed by their own dates, closed and on time by the closing date, reopened by the
 * date of the reopening (its earlier end is then not counted any more), returned and extended by that of the approval.
 * What a collector fixed on the spot is reported and ended, and counted apart: it is not filed, dispatched or closed.
 */
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
    selfHandled: z.int().meta({ description: 'fixed by the collector on the spot, and closed' }),
    reopened: z.int(),
    voided: z.int(),
    returned: z.int().meta({ description: 'assignments given back, with approval' }),
    extended: z.int().meta({ description: 'extensions that were approved' }),
    suspended: z.int().meta({ description: 'open cases with a suspended assignment, now' }),
    open: z.int().meta({ description: 'open now' }),
    openOverdue: z.int(),
    byDay: z.array(z.object({ day: Day, reported: z.int(), filed: z.int(), closed: z.int() })),
    byOutcome: z.array(z.object({ outcome: z.enum(OUTCOMES), ended: z.int() })),
    bySource: z.array(z.object({ source: z.enum(SOURCES), reported: z.int() })),
    byCategory: z.array(z.object({ category: Ref, reported: z.int() })),
    byDepartment: z.array(
      z.object({
        unit: Ref,
        dispatched: z.int(),
        responded: z.int(),
        onTime: z.int(),
        overdue: z.int(),
        exempt: z.int().meta({ description: 'of the overdue: not held against it' }),
        returned: z.int(),
        extended: z.int(),
        open: z.int(),
      }),
    ),
    byDistrict: z.array(z.object({ region: Ref, reported: z.int(), filed: z.int(), closed: z.int() })),
    asOf: z.string(),
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof Overview>;
