import {
  TRANSFER_STATES,
  type CaseBatch,
  type CaseBatchOrder,
  type CaseBatchReject,
  type CaseBatchReport,
} from '@wanmi/contracts';
import type { Batch, ImportReport, Reject } from '#modules/importing';
import type { OrderRow } from './order-repo.ts';

export function toOrder(row: OrderRow): CaseBatchOrder {
  const { id, kind, state, problem, reason, total, done, kept, units, categories } = row;
  const seconds = (row.updatedAt.getTime() - row.startedAt.getTime()) / 1000;
  const perSecond = done > 0 && seconds > 0 ? done / seconds : null;
  const { types, agencies, since, limit } = row.which;
  return {
    id,
    kind,
    state,
    problem,
    reason,
    which: {
      ...(types && { types: [...types] }),
      ...(agencies && { agencies: [...agencies] }),
      ...(since !== undefined && { since }),
      ...(limit !== undefined && { limit }),
    },
    byCommand: row.personId === null,
    total,
    done,
    kept,
    units,
    categories,
    startedAt: row.startedAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    perSecond,
    secondsLeft: state === 'running' && perSecond !== null ? Math.max(0, total - done) / perSecond : null,
  };
}

export function toCaseBatch(batch: Batch, order: OrderRow | null): CaseBatch {
  const { id, register, fileName, fileBytes, problem, read, accepted, already, rejected, counts } = batch;
  const named = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(counts)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, n]) => [name.slice(prefix.length), n]),
    );
  const state = TRANSFER_STATES.find((one) => one === batch.state)!;
  const isBusy = order?.state === 'running';
  return {
    id,
    register,
    fileName,
    fileBytes,
    state,
    problem,
    read,
    accepted,
    already,
    rejected,
    remarked: batch.warned,
    reasons: named('reject:'),
    remarks: named('warning:'),
    startedAt: batch.startedAt.toISOString(),
    endedAt: batch.endedAt?.toISOString() ?? null,
    undoneAt: batch.undoneAt?.toISOString() ?? null,
    order: order && toOrder(order),
    mayUndo: state !== 'undone' && !isBusy,
    mayAdopt: state === 'done' && !isBusy && accepted > 0,
    hasRejects: state !== 'undone' && rejected > 0,
  };
}

/** Cells under their headings; of an import that did not keep them by their place. */
export function toReject(columns: readonly string[] | null, reject: Reject): CaseBatchReject {
  const { row, line, reason, field, cells } = reject;
  const named = cells.map((cell, at) => [columns?.[at] ?? `#${at + 1}`, cell] as const);
  return { row, line, reason, field, cells: Object.fromEntries(named) };
}

const SHOWN = 100;
/** Of a register without flags in a column of its own, any text may be one. */
const SHOWN_WORDS = 200;

type Counted = ImportReport['byType'][number];

export function toReport(report: ImportReport): CaseBatchReport {
  const { closed, open, withPosition, withoutPosition, marks, onTime } = report;
  const { ours, theirs, table, compared, disagree, silent, saidOnTime, saidLate, withoutDue } = onTime;
  return {
    closed,
    open,
    withPosition,
    withoutPosition,
    marks,
    byMonth: counts(report.byMonth, 1200),
    byType: counts(report.byType),
    byAgency: counts(report.byAgency),
    bySource: counts(report.bySource),
    byOurSource: counts(report.byOurSource),
    byStatus: counts(report.byStatus),
    onTime: {
      ours,
      theirs,
      table: table
        .toSorted((a, b) => b.rows - a.rows)
        .slice(0, SHOWN_WORDS)
        .map((row) => ({ ...row, said: row.said ?? '' })),
      compared,
      disagree,
      silent,
      saidOnTime,
      saidLate,
      withoutDue,
    },
  };
}

function counts(rows: readonly Counted[], shown = SHOWN): CaseBatchReport['byType'] {
  const rest = rows.slice(shown);
  return {
    items: rows.slice(0, shown),
    more: rest.length,
    moreRows: rest.reduce((sum, { rows: n }) => sum + n, 0),
  };
}
