import { CaseBatch, Id, page, PageQuery } from '@wanmi/contracts';
import { listBatches, type Batch } from '#modules/importing';
import { problem } from '#platform/errors';
import type { App } from '#platform/http';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';

/** Registers of old cases: they come in by the command line, and are looked at here. */
export function caseRoutes(app: App, platform: Platform): void {
  app.get(
    '/transfer/cases',
    {
      config: { permission: 'data.import' },
      schema: {
        tags: ['transfer'],
        summary: 'Registers of old cases that were brought in, the newest first',
        querystring: PageQuery,
        response: { 200: page(CaseBatch) },
      },
    },
    async ({ actor, query: { limit, cursor } }) => {
      if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
      const rows = await listBatches(platform.db, actor.cityId, {
        kind: 'case',
        before: decodeCursor(cursor, Id) ?? undefined,
        limit: limit + 1,
      });
      const { items, next } = pageOf(rows, limit, (row) => row.id);
      return { items: items.map(toCaseBatch), next };
    },
  );
}

function toCaseBatch({ counts, warned, startedAt, endedAt, ...row }: Batch): CaseBatch {
  const named = (prefix: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(counts)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, n]) => [name.slice(prefix.length), n]),
    );
  const { id, register, fileName, fileBytes, state, problem: why, read, accepted, already, rejected } = row;
  return {
    id,
    register,
    fileName,
    fileBytes,
    state,
    problem: why,
    read,
    accepted,
    already,
    rejected,
    remarked: warned,
    reasons: named('reject:'),
    remarks: named('warning:'),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
