import {
  TRY_OUT_AUTOMATIC,
  type TryOutChange,
  type TryOutLamp,
  type TryOutName,
  type TryOutStop,
} from '@wanmi/contracts';
import type { Catalog } from '#modules/catalog';
import type { Asked, Clock, Life } from './life.ts';
import type { Side } from './side.ts';
import type { Stage } from './walk.ts';

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function nameOf(one: TryOutName | null | undefined): TryOutName | null {
  return one ? { code: one.code, name: one.name } : null;
}

export const unitName = ({ unitById }: Catalog, id: string | null): TryOutName | null =>
  id === null ? null : nameOf(unitById.get(id) ?? { code: '?', name: { 'zh-CN': '?', en: '?' } });

/** Everything in which two lives of one case differ: by the rules in force, by the draft. */
export function changesOf(before: Side, after: Side, from: Life, to: Life): TryOutChange[] {
  return [
    ...decidedChanges(before, after, from, to),
    ...clockChanges(from, to),
    ...stageChanges(from.stages, to.stages),
    ...automaticChanges(from, to),
    ...approvalChanges(from, to),
    ...(sameStop(from.stop, to.stop) ? [] : [{ kind: 'process' as const, from: from.stop, to: to.stop }]),
  ];
}

function decidedChanges(before: Side, after: Side, from: Life, to: Life): TryOutChange[] {
  const changes: TryOutChange[] = [];
  if ((from.condition === null) !== (to.condition === null)) {
    changes.push({ kind: 'condition', from: nameOf(from.condition), to: nameOf(to.condition) });
  }
  if (from.departmentId !== to.departmentId) {
    changes.push({
      kind: 'department',
      from: unitName(before.catalog, from.departmentId),
      to: unitName(after.catalog, to.departmentId),
    });
  }
  if (from.limit?.value !== to.limit?.value || from.limit?.unit !== to.limit?.unit) {
    changes.push({ kind: 'limit', from: from.limit, to: to.limit });
  }
  return changes;
}

function clockChanges(from: Life, to: Life): TryOutChange[] {
  const changes: TryOutChange[] = [];
  for (const { before, after } of clocksOf(from, to)) {
    const [due, then] = [before?.dueAt ?? null, after?.dueAt ?? null];
    const lamps: readonly [TryOutLamp | null, TryOutLamp | null] = [
      before?.lamp ?? null,
      after?.lamp ?? null,
    ];
    if (due === then && lamps[0] === lamps[1]) continue;
    const dispatchedAt = iso((before ?? after)!.dispatchedAt)!;
    if (due !== then) changes.push({ kind: 'due', from: iso(due), to: iso(then), dispatchedAt });
    if (lamps[0] !== lamps[1]) changes.push({ kind: 'lamp', from: lamps[0], to: lamps[1], dispatchedAt });
  }
  if (from.onTime !== null && to.onTime !== null && from.onTime !== to.onTime) {
    changes.push({ kind: 'onTime', from: from.onTime, to: to.onTime });
  }
  return changes;
}

/** The disposals of both lives, those of one assignment side by side. */
export function clocksOf(from: Life, to: Life): { before: Clock | null; after: Clock | null }[] {
  const after = new Map(to.clocks.map((clock) => [clock.id, clock]));
  const pairs = from.clocks.map((before) => {
    const found = after.get(before.id) ?? null;
    after.delete(before.id);
    return { before, after: found };
  });
  return [...pairs, ...[...after.values()].map((one) => ({ before: null, after: one }))];
}

export const isLate = ({ dueAt, closedAt }: Stage): boolean =>
  dueAt !== null && closedAt !== null && closedAt > dueAt;

/** Steps that both lives took; one that only one of them has is told by `automatic` and `process`. */
export function* stagesOf(
  from: readonly Stage[],
  to: readonly Stage[],
): Iterable<{ before: Stage; after: Stage }> {
  const left = [...to];
  for (const before of from) {
    const at = left.findIndex(
      (one) =>
        one.step === before.step && one.openedAt === before.openedAt && one.instance === before.instance,
    );
    if (at !== -1) yield { before, after: left.splice(at, 1)[0]! };
  }
}

function stageChanges(from: readonly Stage[], to: readonly Stage[]): TryOutChange[] {
  const changes: TryOutChange[] = [];
  for (const { before, after } of stagesOf(from, to)) {
    // Where one of them came to a halt the step stands open: only its limit is compared
    const closed = before.closedAt !== null && after.closedAt !== null;
    if (before.dueAt === after.dueAt && !(closed && isLate(before) !== isLate(after))) continue;
    const told = (stage: Stage) => ({ dueAt: iso(stage.dueAt), late: isLate(stage) });
    changes.push({
      kind: 'stage',
      step: before.step,
      openedAt: iso(before.openedAt)!,
      from: told(before),
      to: told(after),
    });
  }
  return changes;
}

function automaticChanges(from: Life, to: Life): TryOutChange[] {
  return TRY_OUT_AUTOMATIC.flatMap((what): TryOutChange[] => {
    const [before, after] = [from.automatic[what], to.automatic[what]];
    if (before === undefined || after === undefined || before === after) return [];
    return [{ kind: 'automatic', what, from: before, to: after }];
  });
}

function approvalChanges(from: Life, to: Life): TryOutChange[] {
  return from.approvals.flatMap((before, index): TryOutChange[] => {
    const after = to.approvals[index];
    if (!after || sameApproval(before, after)) return [];
    const told = ({ allowed, levels, waiting }: Asked) => ({ allowed, levels, ...(waiting && { waiting }) });
    return [{ kind: 'approval', application: before.kind, from: told(before), to: told(after) }];
  });
}

export const sameApproval = (a: Asked, b: Asked): boolean =>
  a.allowed === b.allowed && a.levels === b.levels && a.waiting === b.waiting;

export function sameStop(from: TryOutStop | null, to: TryOutStop | null): boolean {
  if (from === null || to === null) return from === to;
  return from.seq === to.seq && from.reason === to.reason && from.action === to.action;
}
