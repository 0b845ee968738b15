import { z } from 'zod';
import { Id, Instant, PageQuery, Point, Position, Ref } from './common.ts';
import { ControlHint } from './control.ts';
import { OUTCOMES, REPORT_KINDS, ROLES, SOURCES } from './vocabulary.ts';

/** 上报: one message. It opens a case, or joins the open one named by `joinCaseId`. */
export const ReportBody = z
  .object({
    id: Id.optional().meta({ description: 'made by a phone that was offline; makes the request repeatable' }),
    kind: z.enum(REPORT_KINDS).default('problem'),
    source: z.enum(SOURCES).optional().meta({ description: "default: that of the reporter's role" }),
    categoryId: Id.optional(),
    categoryCode: z
      .string()
      .regex(/^(asset|event):\d{4}$/)
      .optional()
      .meta({ description: "kind and digits in the city's scheme, e.g. event:0105, instead of categoryId" }),
    description: z.string().trim().min(1).max(2000),
    position: Position.optional(),
    address: z.string().trim().max(200).optional(),
    assetId: Id.optional(),
    mediaIds: z.array(Id).max(9).default([]),
    reporter: z
      .object({
        name: z.string().trim().max(60).optional(),
        phone: z
          .string()
          .trim()
          .regex(/^[+\d][\d\- ]{4,19}$/)
          .optional(),
        wantsReply: z.boolean().default(false),
      })
      .optional(),
    reportedAt: Instant.optional().meta({ description: 'when it was seen; not in the future' }),
    externalRef: z
      .string()
      .trim()
      .max(80)
      .optional()
      .meta({ description: 'number in the system it came from' }),
    joinCaseId: Id.optional(),
    decision: z.enum(['accept', 'sendVerify', 'answer', 'transferOut']).optional().meta({
      description:
        'an operator decides in the same call: accepts or sends a problem to be verified, answers or transfers out what is no problem',
    }),
    answer: z.string().trim().min(1).max(2000).optional().meta({ description: 'what the caller was told' }),
    transferTo: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'with `transferOut`: the body outside this platform that has it now' }),
    selfHandled: z
      .boolean()
      .default(false)
      .meta({ description: 'the collector has fixed it on the spot; photos before and after are asked for' }),
    afterMediaIds: z.array(Id).max(9).default([]),
  })
  .meta({ id: 'ReportBody' });
export type ReportBody = z.input<typeof ReportBody>;
export type ReportInput = z.output<typeof ReportBody>;

export const SimilarCase = z
  .object({
    id: Id,
    caseNo: z.string(),
    stage: z.string(),
    category: Ref.nullable(),
    address: z.string().nullable(),
    reportedAt: Instant,
    distance: z.number().meta({ description: 'metres' }),
    recurrence: z
      .boolean()
      .optional()
      .meta({ description: 'solved and closed not long ago: it has come back, and is not joined' }),
  })
  .meta({ id: 'SimilarCase' });
export type SimilarCase = z.infer<typeof SimilarCase>;

export const Report = z
  .object({
    id: Id,
    caseId: Id,
    caseNo: z.string(),
    kind: z.enum(REPORT_KINDS),
    source: z.enum(SOURCES),
    category: Ref.nullable(),
    description: z.string(),
    address: z.string().nullable(),
    point: Point.nullable(),
    reportedAt: Instant,
    receivedAt: Instant,
    externalRef: z.string().nullable(),
    reporter: z
      .object({
        name: z.string().nullable(),
        phone: z.string().nullable(),
        masked: z.boolean(),
        erased: z.boolean().optional(),
      })
      .nullable()
      .meta({ description: 'absent for departments and crews; masked for everybody else until revealed' }),
    outcome: z.enum(OUTCOMES).nullable(),
  })
  .meta({ id: 'Report' });
export type Report = z.infer<typeof Report>;

/** One report with what its reporter was told. */
export const ReportDetail = Report.extend({
  answer: z
    .object({
      action: z.enum(['answer', 'transferOut']),
      text: z.string().nullable().meta({ description: 'numbers in it are masked' }),
      to: z.string().nullable().meta({ description: 'the body outside this platform that has it now' }),
      at: Instant,
    })
    .nullable(),
  controls: z.array(ControlHint).meta({ description: 'of its place, category and moment' }),
}).meta({ id: 'ReportDetail' });
export type ReportDetail = z.infer<typeof ReportDetail>;

export const ReportReply = z
  .object({
    report: z.object({ id: Id }),
    case: z.object({ id: Id, caseNo: z.string(), stage: z.string(), version: z.int() }),
    joined: z.boolean(),
    opened: z
      .array(z.object({ id: Id, step: z.string(), role: z.enum(ROLES), dueAt: Instant.nullable() }))
      .meta({ description: 'tasks that wait now because of it' }),
    similar: z.array(SimilarCase),
    controls: z
      .array(ControlHint)
      .optional()
      .meta({ description: 'zones and hours that speak of this place, category and moment' }),
  })
  .meta({ id: 'ReportReply' });
export type ReportReply = z.infer<typeof ReportReply>;

export const ReportQuery = PageQuery.extend({
  kind: z.enum(REPORT_KINDS).optional(),
  source: z.enum(SOURCES).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  caseId: Id.optional(),
});

export const SimilarQuery = z.object({
  lon: z.coerce.number().min(-180).max(180),
  lat: z.coerce.number().min(-90).max(90),
  categoryId: Id,
});

/** 抹除: the reporter asks for it, or the time of keeping is over. */
export const EraseReply = z
  .object({ erasedAt: Instant.nullable().meta({ description: 'null: nobody was named' }) })
  .meta({ id: 'EraseReply' });
