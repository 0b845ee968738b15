import { z } from 'zod';
import { Id, Instant, PageQuery, Text } from './common.ts';
import { TRANSFER_STATES } from './transfer.ts';

/** 历史台账: registers of old cases that came in, and what is done with them since. */

export const CASE_BATCH_ORDERS = ['undo', 'adopt'] as const;
export const CASE_BATCH_ORDER_STATES = ['running', 'done', 'failed', 'cancelled'] as const;

const Word = z.string().max(400);
const Words = z.array(Word).max(200);

/** Which open cases are adopted; what is left out does not narrow. */
export const AdoptWhich = z
  .object({
    types: Words.optional().meta({ description: "in the register's words; an empty one: without" }),
    agencies: Words.optional().meta({ description: "in the register's words; an empty one: without" }),
    since: Instant.optional().meta({ description: 'reported since' }),
    limit: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .meta({ description: 'at most so many, the oldest first' }),
  })
  .meta({ id: 'AdoptWhich' });
export type AdoptWhich = z.infer<typeof AdoptWhich>;

/** Something that was asked for of a register: it is taken back, or its open cases are adopted. */
export const CaseBatchOrder = z
  .object({
    id: Id,
    kind: z.enum(CASE_BATCH_ORDERS),
    state: z.enum(CASE_BATCH_ORDER_STATES),
    problem: z.string().nullable(),
    reason: z.string().nullable(),
    which: AdoptWhich,
    byCommand: z.boolean().meta({ description: 'asked for on the command line' }),
    total: z.int().meta({ description: 'cases' }),
    done: z.int(),
    kept: z.int().meta({
      description: 'cases that stayed as they were, since somebody worked on them meanwhile',
    }),
    units: z.int().meta({ description: 'made for it, and gone with it' }),
    categories: z.int(),
    startedAt: Instant,
    updatedAt: Instant,
    endedAt: Instant.nullable(),
    perSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
  })
  .meta({ id: 'CaseBatchOrder' });
export type CaseBatchOrder = z.infer<typeof CaseBatchOrder>;

/** A register of old cases that came in. */
export const CaseBatch = z
  .object({
    id: Id,
    register: z.string(),
    fileName: z.string(),
    fileBytes: z.int(),
    state: z.enum(TRANSFER_STATES),
    problem: z.string().nullable(),
    read: z.int(),
    accepted: z.int(),
    already: z.int().meta({ description: 'rows that were there from an earlier import' }),
    rejected: z.int(),
    remarked: z.int().meta({ description: 'accepted rows about which there was a doubt' }),
    reasons: z.record(z.string(), z.int()).meta({ description: 'rejected rows by reason' }),
    remarks: z.record(z.string(), z.int()).meta({ description: 'accepted rows by what was doubtful' }),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    undoneAt: Instant.nullable(),
    order: CaseBatchOrder.nullable().meta({ description: 'what was asked for last' }),
    mayUndo: z
      .boolean()
      .meta({ description: 'its state allows it; who worked on it is told when it is asked' }),
    mayAdopt: z.boolean(),
    hasRejects: z.boolean().meta({ description: 'rows that were not taken can be fetched' }),
  })
  .meta({ id: 'CaseBatch' });
export type CaseBatch = z.infer<typeof CaseBatch>;

export const CaseBatchReject = z
  .object({
    row: z.int(),
    line: z.int(),
    reason: z.string(),
    field: z.string().nullable().meta({ description: 'a field of the mapping' }),
    cells: z
      .record(z.string(), z.string())
      .meta({ description: 'as they stood in the file; personal data is masked' }),
  })
  .meta({ id: 'CaseBatchReject' });
export type CaseBatchReject = z.infer<typeof CaseBatchReject>;

export const CaseRejectsFile = z.object({
  personal: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'as the rows stood, personal data included; needs a right of its own' }),
});

/** What goes when a register is taken back, and what keeps it. */
export const CaseBatchUndo = z
  .object({
    problem: z
      .enum(['import.touched', 'import.state', 'import.running', 'import.ordered'])
      .nullable()
      .meta({ description: 'why it cannot be taken back now' }),
    reading: z.boolean().meta({ description: 'its import has not ended: taking it back stops that' }),
    cases: z.int(),
    open: z.int(),
    reporters: z.int(),
    rejects: z.int(),
    units: z.int().meta({ description: 'made for it; what is used meanwhile stays' }),
    categories: z.int(),
    touched: z
      .object({
        cases: z.int(),
        adopted: z.int(),
        examples: z.array(z.object({ id: Id, caseNo: z.string(), adopted: z.boolean() })),
      })
      .meta({ description: 'cases of it that somebody has worked on since' }),
  })
  .meta({ id: 'CaseBatchUndo' });
export type CaseBatchUndo = z.infer<typeof CaseBatchUndo>;

const Reason = z.string().trim().min(1).max(500);

export const UndoCaseBatch = z
  .object({
    reason: Reason,
    cases: z.int().min(0).meta({ description: 'how many vanish, as the person was told' }),
  })
  .meta({ id: 'UndoCaseBatch' });
export type UndoCaseBatch = z.input<typeof UndoCaseBatch>;

const Group = z.object({ name: z.string(), cases: z.int(), late: z.int() });

/** What an adoption would take, and what would wait then. */
export const CaseBatchAdoption = z
  .object({
    problem: z.string().nullable().meta({
      description: 'why it cannot be adopted now: import.state, import.ordered, or a fault of the rules',
    }),
    open: z.int().meta({ description: 'all that could be adopted' }),
    cases: z.int().meta({ description: 'those that were asked for' }),
    promised: z.int().meta({ description: 'the register promised a day for them' }),
    late: z.int().meta({ description: 'past what the register promised' }),
    lateAtOnce: z.int().meta({ description: 'past our own limit in the moment of their adoption' }),
    oldestAt: Instant.nullable(),
    agencies: z.array(Group).meta({ description: "whose they are, in the register's words" }),
    types: z.array(Group),
    tasks: z
      .array(
        z.object({
          step: z.string(),
          unit: z.object({ id: Id, name: Text }).nullable(),
          cases: z.int(),
          dueAt: Instant.nullable(),
        }),
      )
      .meta({ description: 'where they would wait if they were adopted now, and until when' }),
  })
  .meta({ id: 'CaseBatchAdoption' });
export type CaseBatchAdoption = z.infer<typeof CaseBatchAdoption>;

export const AdoptCaseBatch = AdoptWhich.extend({
  reason: Reason.optional(),
  cases: z.int().min(1).meta({ description: 'how many are adopted, as the person was told' }),
}).meta({ id: 'AdoptCaseBatch' });
export type AdoptCaseBatch = z.input<typeof AdoptCaseBatch>;

const Counted = z.object({ name: z.string(), rows: z.int(), open: z.int() });
/** The most first; `more` names with `moreRows` rows are left out. */
const Counts = z.object({ items: z.array(Counted), more: z.int(), moreRows: z.int() });

/** What a register brought: in its own words, and in ours. */
export const CaseBatchReport = z
  .object({
    closed: z.int(),
    open: z.int(),
    withPosition: z.int(),
    withoutPosition: z.int(),
    marks: z.record(z.string(), z.int()).meta({ description: 'counted only' }),
    byMonth: Counts,
    byType: Counts,
    byAgency: Counts,
    bySource: Counts,
    byOurSource: Counts,
    byStatus: Counts,
    onTime: z.object({
      ours: z
        .object({ onTime: z.int(), late: z.int(), running: z.int(), none: z.int() })
        .meta({ description: 'by the dates' }),
      theirs: z
        .object({ onTime: z.int(), late: z.int(), none: z.int() })
        .nullable()
        .meta({ description: "by the register's own word; null: it has none" }),
      table: z
        .array(z.object({ said: z.string(), ours: z.string(), open: z.boolean(), rows: z.int() }))
        .meta({ description: "each word of the register's against what the dates say" }),
      compared: z.int(),
      disagree: z.int(),
      silent: z.int(),
      saidOnTime: z.int().meta({ description: 'on time by its word, late by its dates' }),
      saidLate: z.int(),
      withoutDue: z.int(),
    }),
  })
  .meta({ id: 'CaseBatchReport' });
export type CaseBatchReport = z.infer<typeof CaseBatchReport>;

// ---------------------------------------------------------------- a register that is sent over the console

export const REGISTER_UPLOAD_STATES = [
  'inspecting',
  'ready',
  'trying',
  'tried',
  'importing',
  'paused',
  'done',
  'failed',
  'cancelled',
] as const;

/** How a register's columns and words are read (docs/importing.md has all of it); checked against the file. */
export const RegisterMapping = z
  .looseObject({
    format: z.literal('wanmi-import/1'),
    kind: z.literal('case'),
    register: z.string().min(1).max(40).meta({ description: 'whose numbers the ids are' }),
    dateFormats: z.array(z.string().max(60)).max(50),
    fields: z.record(z.string(), z.unknown()).meta({ description: 'field of a request: column of the file' }),
  })
  .meta({ id: 'RegisterMapping' });
export type RegisterMapping = z.infer<typeof RegisterMapping>;

export const RegisterColumn = z
  .object({
    name: z.string(),
    kind: z.enum(['empty', 'date', 'number', 'flag', 'word', 'text']),
    filled: z.int().meta({ description: 'cells that hold something' }),
    distinct: z.int(),
    formats: z.array(z.string()).meta({ description: 'of dates, as they were found' }),
    from: z.string().nullable(),
    to: z.string().nullable(),
    samples: z.array(z.string()).meta({ description: 'some of its cells; personal data is masked' }),
    words: z
      .array(z.object({ value: z.string(), rows: z.int() }))
      .meta({ description: 'of a column of words, the most first' }),
  })
  .meta({ id: 'RegisterColumn' });
export type RegisterColumn = z.infer<typeof RegisterColumn>;

/** What the file is and holds, as far as was looked. */
export const RegisterInspection = z
  .object({
    encoding: z.string(),
    delimiter: z.string(),
    headingRow: z.int().meta({ description: '0: the file names no columns' }),
    sheets: z.array(z.string()).nullable().meta({ description: 'of a workbook' }),
    sampled: z.int(),
    odd: z.int().meta({ description: 'rows with another number of cells, or torn by a quote' }),
    columns: z.array(RegisterColumn),
    unsure: z
      .array(z.object({ 'zh-CN': z.string(), en: z.string() }))
      .meta({ description: 'what a person should look at' }),
  })
  .meta({ id: 'RegisterInspection' });
export type RegisterInspection = z.infer<typeof RegisterInspection>;

export const RegisterTrial = z
  .object({
    read: z.int(),
    accepted: z.int(),
    already: z.int(),
    rejected: z.int(),
    remarked: z.int(),
    reasons: z.record(z.string(), z.int()),
    remarks: z.record(z.string(), z.int()),
    marks: z.record(z.string(), z.int()).meta({ description: 'counted only' }),
    units: z.int().meta({ description: 'departments that would be made' }),
    categories: z.int(),
    rejects: z.array(CaseBatchReject).meta({ description: 'the first of them, masked' }),
  })
  .meta({ id: 'RegisterTrial' });
export type RegisterTrial = z.infer<typeof RegisterTrial>;

/** A register of old cases that somebody sends over the console. */
export const RegisterUpload = z
  .object({
    id: Id,
    fileName: z.string(),
    fileBytes: z.int(),
    state: z.enum(REGISTER_UPLOAD_STATES),
    problem: z.string().nullable(),
    total: z.int().nullable().meta({ description: 'rows, as soon as they are counted' }),
    read: z.int(),
    share: z.number().meta({ description: 'of what is being done, 0 to 1' }),
    perSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    startedAt: Instant,
    updatedAt: Instant,
    endedAt: Instant.nullable(),
    batchId: Id.nullable().meta({ description: 'the register that it became' }),
    mayMap: z.boolean(),
    mayTry: z.boolean(),
    mayImport: z.boolean().meta({ description: 'it was tried as it is mapped now' }),
    mayPause: z.boolean(),
    mayGoOn: z.boolean(),
    mayCancel: z.boolean(),
    trial: RegisterTrial.nullable(),
  })
  .meta({ id: 'RegisterUpload' });
export type RegisterUpload = z.infer<typeof RegisterUpload>;

export const RegisterUploadQuery = PageQuery.extend({
  open: z.stringbool().default(false).meta({ description: 'leave out what is in, or was stopped' }),
});

export const RegisterUploadDetail = RegisterUpload.extend({
  inspection: RegisterInspection.nullable(),
  mapping: RegisterMapping.nullable(),
}).meta({ id: 'RegisterUploadDetail' });
export type RegisterUploadDetail = z.infer<typeof RegisterUploadDetail>;

export const MapRegisterUpload = z.object({ mapping: RegisterMapping }).meta({ id: 'MapRegisterUpload' });
export type MapRegisterUpload = z.input<typeof MapRegisterUpload>;
