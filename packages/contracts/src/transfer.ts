import { z } from 'zod';
import { Id, Instant, PageQuery } from './common.ts';
import { TRANSFER_KINDS } from './transfer-words.ts';

export const TRANSFER_STATES = ['running', 'done', 'failed', 'cancelled', 'undoing', 'undone'] as const;

export const TransferBatch = z
  .object({
    id: Id,
    kind: z.enum(TRANSFER_KINDS),
    fileName: z.string(),
    fileBytes: z.int(),
    mode: z.enum(['dry', 'real']).meta({ description: 'dry: only tried, nothing is written' }),
    state: z.enum(TRANSFER_STATES),
    problem: z.string().nullable(),
    total: z.int().nullable().meta({ description: 'rows of the file, as soon as they are counted' }),
    read: z.int(),
    created: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    rejected: z.int(),
    reasons: z.record(z.string(), z.int()).meta({ description: 'rejected rows by reason' }),
    ignored: z.array(z.string()).meta({ description: 'columns of the file that mean nothing here' }),
    startedAt: Instant,
    updatedAt: Instant,
    endedAt: Instant.nullable(),
    perSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    draftId: Id.nullable().meta({ description: 'of a manual: the draft of rules that was made' }),
    realId: Id.nullable().meta({ description: 'of a try: the import that it became' }),
    confirmable: z.boolean(),
    undoable: z.boolean(),
    undone: z.int(),
    kept: z.int().meta({ description: 'changes that could not be taken back' }),
  })
  .meta({ id: 'TransferBatch' });
export type TransferBatch = z.infer<typeof TransferBatch>;

export const TransferBatchQuery = PageQuery.extend({ kind: z.enum(TRANSFER_KINDS).optional() });

export const TransferReject = z
  .object({
    row: z.int(),
    line: z.int(),
    reason: z.string(),
    field: z.string().nullable(),
    cells: z
      .record(z.string(), z.string())
      .meta({ description: 'as they stood in the file; personal data is masked' }),
  })
  .meta({ id: 'TransferReject' });
export type TransferReject = z.infer<typeof TransferReject>;

export const NewExport = z
  .object({
    personal: z
      .boolean()
      .default(false)
      .meta({ description: 'with phones of staff and identity of reporters; needs a right of its own' }),
    media: z.boolean().default(true).meta({ description: 'with photos and films' }),
  })
  .meta({ id: 'NewExport' });
export type NewExport = z.input<typeof NewExport>;

export const EXPORT_STATES = ['running', 'done', 'failed', 'cancelled', 'expired'] as const;

export const CityExport = z
  .object({
    id: Id,
    state: z.enum(EXPORT_STATES),
    problem: z.string().nullable(),
    personal: z.boolean(),
    media: z.boolean(),
    part: z.string().nullable().meta({ description: 'what is being written' }),
    done: z.int().meta({ description: 'cases written' }),
    total: z.int(),
    perSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    expiresAt: Instant.nullable(),
  })
  .meta({ id: 'CityExport' });
export type CityExport = z.infer<typeof CityExport>;
