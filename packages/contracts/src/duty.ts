import { z } from 'zod';
import { Id, Instant, PageQuery, Ref, Text } from './common.ts';
import { ABSENCE_REASONS, ROLES, UNIT_KINDS } from './vocabulary.ts';

/** What can be wrong with one line of a roster. */
export const ROSTER_FAULTS = [
  'csv.columns',
  'person.unknown',
  'post.unknown',
  'post.ambiguous',
  'day.invalid',
  'day.outside',
  'shift.unknown',
  'shift.notValid',
  'shift.otherUnit',
  'shift.noHours',
  'overlap',
  'twice',
] as const;
export type RosterFault = (typeof ROSTER_FAULTS)[number];

/** A day of the city's calendar. */
export const CityDay = z.iso
  .date()
  .meta({ description: "a day of the city's calendar", examples: ['2026-03-03'] });
const Monday = CityDay.refine(
  (day) => new Date(`${day}T00:00:00Z`).getUTCDay() === 1,
  'a week is named by its Monday',
).meta({ description: 'the Monday of a week' });

const Time = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/)
  .meta({ description: 'wall clock, HH:mm' });
const Hours = z.array(z.tuple([Time, z.union([Time, z.literal('24:00')])])).max(6);

/** Hours by ISO weekday (1 = Monday). A period that does not end later than it begins ends on the next day. */
export const Weekly = z
  .object({
    '1': Hours.optional(),
    '2': Hours.optional(),
    '3': Hours.optional(),
    '4': Hours.optional(),
    '5': Hours.optional(),
    '6': Hours.optional(),
    '7': Hours.optional(),
  })
  .meta({
    id: 'ShiftHours',
    description: 'hours by ISO weekday; a period that does not end later than it begins ends on the next day',
    examples: [{ '1': [['22:00', '06:00']] }],
  });
export type Weekly = z.infer<typeof Weekly>;

export const Shift = z
  .object({
    id: Id,
    code: z.string(),
    name: Text,
    unitKind: z.enum(UNIT_KINDS).nullable().meta({ description: 'for units of this kind alone' }),
    unit: Ref.nullable().meta({ description: 'for this unit alone' }),
    weekly: Weekly,
    validFrom: CityDay,
    validTo: CityDay.nullable().meta({ description: 'the last day' }),
  })
  .meta({ id: 'Shift' });
export type Shift = z.infer<typeof Shift>;

export const ShiftQuery = PageQuery.extend({
  unitId: Id.optional().meta({ description: 'that this unit may use' }),
  day: CityDay.optional().meta({ description: 'valid on this day' }),
});

export const NewShift = z
  .object({
    code: z
      .string()
      .trim()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$/u),
    name: Text,
    unitKind: z.enum(UNIT_KINDS).optional(),
    unitId: Id.optional(),
    weekly: Weekly,
    validFrom: CityDay,
    validTo: CityDay.optional(),
  })
  .refine((one) => one.unitKind === undefined || one.unitId === undefined, 'unitKind or unitId, not both')
  .refine((one) => one.validTo === undefined || one.validTo >= one.validFrom, 'validTo before validFrom')
  .meta({ id: 'NewShift' });

export const EndShiftBody = z
  .object({ day: CityDay.meta({ description: 'the last day on which it is worked' }) })
  .meta({ id: 'EndShiftBody' });

const Period = z.object({ from: Instant, to: Instant });
const ShiftName = z.object({ id: Id, code: z.string(), name: Text });
/** Who is behind a post, for colleagues. */
export const DutyPost = z
  .object({ id: Id, name: z.string(), role: z.enum(ROLES), unit: Ref })
  .meta({ id: 'DutyPost' });
export type DutyPost = z.infer<typeof DutyPost>;

export const RosterEntry = z
  .object({ post: DutyPost, day: CityDay, shift: ShiftName, periods: z.array(Period) })
  .meta({ id: 'RosterEntry' });
export type RosterEntry = z.infer<typeof RosterEntry>;

const WidePage = PageQuery.extend({ limit: z.coerce.number().int().min(1).max(5000).default(2000) });

export const RosterQuery = WidePage.extend({
  from: CityDay,
  to: CityDay.meta({ description: 'the last day; at most 92 days' }),
  unitId: Id.optional(),
  role: z.enum(ROLES).optional(),
  postId: Id.optional(),
});

export const RosterBody = z
  .object({
    unitId: Id,
    week: Monday,
    role: z.enum(ROLES).optional().meta({ description: 'only the posts of this role are planned anew' }),
    entries: z.array(z.object({ postId: Id, day: CityDay, shiftId: Id })).max(5000),
  })
  .meta({ id: 'RosterBody', description: 'replaces the week of the unit' });

export const RosterReply = z
  .object({ set: z.int(), removed: z.int().meta({ description: 'entries of before that are no more' }) })
  .meta({ id: 'RosterReply' });
export type RosterReply = z.infer<typeof RosterReply>;

export const RosterCopyBody = z
  .object({
    unitId: Id,
    from: Monday,
    to: Monday.meta({ description: 'the first week to be filled' }),
    weeks: z.int().min(1).max(26).default(1),
    role: z.enum(ROLES).optional(),
  })
  .refine((one) => one.to > one.from, 'a week is copied to later ones')
  .meta({ id: 'RosterCopyBody' });

export const RosterCopied = RosterReply.extend({
  skipped: z
    .array(z.object({ postId: Id, day: CityDay, shiftId: Id, code: z.enum(ROSTER_FAULTS) }))
    .meta({ description: 'what cannot be worked on the new day; the first 200' }),
  skippedTotal: z.int(),
}).meta({ id: 'RosterCopied' });
export type RosterCopied = z.infer<typeof RosterCopied>;

export const RosterImportQuery = z.object({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'only say what would happen' }),
});

export const RosterImported = z
  .object({
    rows: z.int(),
    imported: z.int(),
    known: z.int().meta({ description: 'were in the roster already' }),
    bad: z
      .array(z.object({ line: z.int(), code: z.enum(ROSTER_FAULTS), column: z.string().nullable() }))
      .meta({ description: 'the first 200' }),
    badTotal: z.int(),
  })
  .meta({ id: 'RosterImported' });
export type RosterImported = z.infer<typeof RosterImported>;

export const DutyNowQuery = WidePage.extend({
  unitId: Id.optional(),
  role: z.enum(ROLES).optional(),
  gridId: Id.optional().meta({ description: 'patrol grid: whose beat it is' }),
  at: Instant.optional().meta({ description: 'default: now' }),
});

export const OnDuty = z
  .object({ post: DutyPost, shift: ShiftName, day: CityDay, from: Instant, to: Instant })
  .meta({ id: 'OnDuty' });
export type OnDuty = z.infer<typeof OnDuty>;

export const Absence = z
  .object({
    id: Id,
    post: DutyPost,
    from: Instant,
    to: Instant,
    reason: z.enum(ABSENCE_REASONS).nullable().meta({ description: 'null: not for the reader' }),
    substitute: DutyPost.nullable(),
    createdAt: Instant,
    appliedAt: Instant.nullable().meta({ description: 'when its open work went to others' }),
    moved: z.int().meta({ description: 'how much did' }),
  })
  .meta({ id: 'Absence' });
export type Absence = z.infer<typeof Absence>;

export const AbsenceQuery = PageQuery.extend({
  unitId: Id.optional(),
  postId: Id.optional(),
  from: Instant.optional().meta({ description: 'that last until later than this' }),
  to: Instant.optional().meta({ description: 'that begin before this' }),
});

export const NewAbsence = z
  .object({
    postId: Id,
    from: Instant,
    to: Instant,
    reason: z.enum(ABSENCE_REASONS),
    substitutePostId: Id.optional(),
  })
  .refine((one) => Date.parse(one.to) > Date.parse(one.from), 'ends before it begins')
  .refine(
    (one) => Date.parse(one.to) - Date.parse(one.from) <= 400 * 86_400_000,
    'at most 400 days; a longer one is a change of the post',
  )
  .refine((one) => one.substitutePostId !== one.postId, 'nobody stands in for oneself')
  .meta({ id: 'NewAbsence' });

/** What becomes of open work: it waits for others, or for the whole unit. */
export const Moved = z
  .object({
    moved: z.int(),
    returned: z.int().meta({ description: 'of these, back to the whole unit' }),
    to: z.array(z.object({ postId: Id, count: z.int() })),
  })
  .meta({ id: 'Moved' });
export type Moved = z.infer<typeof Moved>;

export const RedistributeBody = z
  .object({
    postId: Id.optional().meta({ description: 'the work of this post' }),
    toPostIds: z.array(Id).min(1).max(100).optional().meta({
      description:
        'to these, evenly; default: the substitute, else the others on duty of the same unit and role',
    }),
    unitId: Id.optional().meta({ description: 'the work of everybody absent of this unit and role' }),
    role: z.enum(ROLES).optional(),
  })
  .refine(
    (one) =>
      (one.postId !== undefined) !== (one.unitId !== undefined) &&
      (one.unitId === undefined) === (one.role === undefined) &&
      (one.toPostIds === undefined || one.postId !== undefined),
    'postId (with toPostIds) or unitId with role',
  )
  .meta({ id: 'RedistributeBody' });

export const HandoverBody = z
  .object({
    toPostId: Id.optional().meta({ description: 'of the same unit and role; left out: back to the unit' }),
    note: z.string().trim().max(2000).optional(),
    waiting: z.boolean().default(false).meta({
      description: 'what waits for my post alone goes too, claimed or not',
    }),
  })
  .meta({ id: 'HandoverBody' });

export const Handover = z
  .object({
    id: Id,
    at: Instant,
    unit: Ref,
    role: z.enum(ROLES),
    from: DutyPost,
    to: DutyPost.nullable(),
    moved: z.int(),
    returned: z.int().meta({ description: 'of these, back to the whole unit' }),
    steps: z.array(z.object({ step: z.string(), count: z.int() })),
    note: z.string().nullable(),
  })
  .meta({ id: 'Handover' });
export type Handover = z.infer<typeof Handover>;

export const HandoverQuery = PageQuery.extend({ unitId: Id.optional(), postId: Id.optional() });

export const MyDutyQuery = z.object({
  from: CityDay.optional().meta({ description: 'default: yesterday' }),
  to: CityDay.optional().meta({ description: 'default: in two weeks; at most 92 days' }),
});

export const MyDuty = z
  .object({
    onDuty: z.boolean().meta({ description: 'now, through the post of this session' }),
    shifts: z.array(RosterEntry),
    absences: z.array(Absence),
    standingIn: z.array(Absence).meta({ description: 'for whom my posts act' }),
  })
  .meta({ id: 'MyDuty' });
export type MyDuty = z.infer<typeof MyDuty>;
