import { foldAll, openDays, type Folded, type Known } from '#modules/statistics';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import type { CopyValue } from '#platform/copy';
import type { Kept, LiveCase } from './life.ts';
import type { MadeMedia } from './pictures.ts';
import {
  applicationChange,
  applicationRow,
  assignmentChange,
  assignmentRow,
  caseChange,
  caseRow,
  iso,
  isoOrNull,
  mediaRow,
  openRow,
  ORDER,
  reportRows,
  taskChange,
  taskRow,
  type Rows,
  type Table,
} from './rows.ts';

/** What a stretch of days amounts to, frozen: the run goes on while it is written. */
export interface Stretch {
  readonly copies: ReadonlyMap<Table, Rows>;
  readonly cases: object[];
  readonly tasks: object[];
  readonly assignments: object[];
  readonly applications: object[];
  /** Cases whose clocks stand anew. */
  readonly clocksOf: string[];
  readonly before: ReadonlyMap<string, Known>;
  readonly folded: Folded;
  readonly numbers: readonly { series: string; period: string; last: number }[];
}

/**
 * Freezes what the run has not written: every row once, as it stands now. What has ended and is done with leaves the
 * memory. `lastDay` is the last whole day; facts of what was open are written from `firstOpenDay` to it.
 */
export function freeze(
  live: Map<string, LiveCase>,
  of: {
    cityId: string;
    timeZone: string;
    firstOpenDay: string;
    lastDay: string;
    media: readonly MadeMedia[];
    numbers: ReadonlyMap<string, number>;
  },
): Stretch {
  const { cityId, timeZone } = of;
  const copies = new Map<Table, Rows>(ORDER.map((table) => [table, []]));
  const to = (table: Table): Rows => copies.get(table)!;
  const cases: object[] = [];
  const tasks: object[] = [];
  const assignments: object[] = [];
  const applications: object[] = [];
  const clocksOf: string[] = [];
  const before = new Map<string, Known>();
  const folding: LiveCase[] = [];

  for (const one of of.media) to('media').push(mediaRow(cityId, one));
  for (const c of live.values()) {
    const { state } = c;
    if (c.dirty) {
      const { id } = state;
      if (c.isNew) {
        to('case').push(caseRow(c));
        to('case_text').push([id, cityId, c.search!.text, c.search!.bigrams]);
      } else cases.push(caseChange(c));
      for (const report of c.reports) reportRows(c, report, to('reporter'), to('report'));
      split(
        c.assignments,
        to('assignment'),
        assignments,
        (a) => assignmentRow(cityId, id, a),
        assignmentChange,
      );
      split(c.tasks, to('task'), tasks, (t) => taskRow(cityId, id, t), taskChange);
      split(
        c.applications,
        to('application'),
        applications,
        (a) => applicationRow(cityId, id, a),
        applicationChange,
      );
      for (const m of c.marks)
        to('case_mark').push([m.id, cityId, id, m.kind, m.postId, iso(m.at), isoOrNull(m.dueAt), m.note]);
      for (const e of c.events) {
        to('case_event').push([
          id,
          e.seq,
          cityId,
          e.type,
          iso(e.at),
          e.postId,
          e.personId,
          e.body,
          e.hash,
          e.algorithm,
        ]);
      }
      for (const m of c.media) to('case_media').push([id, m.mediaId, cityId, m.purpose, m.seq, iso(m.at)]);
      for (const l of c.links) to('case_link').push([l.fromId, l.toId, l.kind, cityId, iso(l.at)]);
      if (c.timersChanged) {
        clocksOf.push(id);
        for (const t of c.timers.values()) {
          to('simulation_timer').push([t.taskId, t.fire, cityId, id, iso(t.dueAt), isoOrNull(t.since)]);
        }
      }
      before.set(id, c.known);
      folding.push(c);
    }
    openRows(c, of, to('fact_open'));
  }
  const folded = foldAll(
    before,
    folding.flatMap((c) => c.unfolded),
    () => timeZone,
  );
  for (const c of folding) {
    c.known = knownAfter(c, folded);
    clean(c);
  }
  for (const c of live.values()) {
    // A clock of work beside it may ring when nobody does anything any more; and who is asked to look after a place is
    // not asked again by the next case there.
    const done = !c.open && c.planned === 0 && c.timers.size === 0;
    if (done && !c.waitsFor('keyPatrol')) live.delete(c.state.id);
  }
  const numbers = [...of.numbers].map(([key, last]) => {
    const [series = '', period = ''] = key.split(' ');
    return { series, period, last };
  });
  return { copies, cases, tasks, assignments, applications, clocksOf, before, folded, numbers };
}

function clean(c: LiveCase): void {
  for (const map of [c.assignments, c.tasks, c.applications] as Map<string, Kept<unknown>>[]) {
    for (const kept of map.values()) kept.isNew = kept.changed = false;
  }
  Object.assign(c, {
    isNew: false,
    dirty: false,
    timersChanged: false,
    search: null,
    writtenSeq: c.state.seq,
  });
  Object.assign(c, { reports: [], events: [], media: [], marks: [], links: [], unfolded: [] });
}

/** What is known of a case after its entries were folded. */
function knownAfter(c: LiveCase, folded: Folded): Known {
  const assignments = new Map(c.known.assignments);
  for (const id of c.assignments.keys()) {
    const fact = folded.assignments.get(id);
    if (fact) assignments.set(id, fact);
  }
  const applications = new Map(c.known.applications);
  for (const id of c.applications.keys()) {
    const fact = folded.applications.get(id);
    if (fact) applications.set(id, fact);
  }
  return { case: folded.cases.get(c.state.id) ?? c.known.case, assignments, applications };
}

/** How it stood at the ends of the days that have become whole. */
function openRows(
  c: LiveCase,
  { timeZone, firstOpenDay, lastDay }: { timeZone: string; firstOpenDay: string; lastDay: string },
  into: Rows,
): void {
  const reported = cityDay(Date.parse(c.bodies[0]!.at), timeZone);
  const from = c.openUntil ?? (reported > firstOpenDay ? reported : firstOpenDay);
  if (from > lastDay) return;
  c.openUntil = addDays(lastDay, 1);
  // What ended on the day it came was never open at an end of a day.
  if (
    !c.open &&
    c.bodies.at(-1)!.payload.outcome &&
    Date.parse(c.bodies.at(-1)!.at) < cityDayStart(addDays(from, 1), timeZone)
  )
    return;
  for (const row of openDays(c.bodies, timeZone, from, lastDay)) into.push(openRow(row));
}

function split<T>(
  kept: ReadonlyMap<string, Kept<T>>,
  made: Rows,
  changed: object[],
  row: (of: T) => readonly CopyValue[],
  change: (of: T) => object,
): void {
  for (const one of kept.values()) {
    if (one.isNew) made.push(row(one.row));
    else if (one.changed) changed.push(change(one.row));
  }
}
