import { addDays } from '#platform/clock';
import { inTransaction } from '#platform/in-transaction';
import type { Platform } from '#platform/platform';
import { freeze, type Stretch } from './freeze.ts';
import type { Run } from './register.ts';
import { writeStretch } from './writer.ts';
import type { Year } from './year.ts';

/** Writes stretch after stretch, one while the next is being played. */
export class Books {
  readonly #platform: Platform;
  readonly #cityId: string;
  readonly #run: Run;
  readonly #timeZone: string;
  readonly #year: Year;
  #firstOpenDay: string;
  #pending: Promise<void> = Promise.resolve();
  #failed: unknown;
  #written: number;

  constructor(platform: Platform, cityId: string, row: Run, timeZone: string, year: Year, firstDay: string) {
    this.#platform = platform;
    this.#cityId = cityId;
    this.#run = row;
    this.#timeZone = timeZone;
    this.#year = year;
    this.#firstOpenDay = firstDay;
    this.#written = year.counts.events;
  }

  /** Entries of logs that are not written. */
  waiting(): number {
    return this.#year.counts.events - this.#written;
  }

  async close(day: string, whole: boolean, last: boolean): Promise<void> {
    await this.#pending;
    this.#rethrow();
    const year = this.#year;
    // What was open at the end of a day that still goes on is for that day's end to say.
    const lastDay = whole ? day : addDays(day, -1);
    const stretch = freeze(year.live, {
      cityId: this.#cityId,
      timeZone: this.#timeZone,
      firstOpenDay: this.#firstOpenDay,
      lastDay,
      media: year.takeMedia(),
      numbers: year.takeNumbers(),
    });
    const { cases, reports, events } = year.counts;
    this.#written = events;
    this.#pending = this.#write(stretch, {
      day: last ? this.#run.to_day : day,
      cases,
      reports,
      events,
    }).catch((error: unknown) => {
      this.#failed = error;
    });
  }

  /** Until nothing of it is being written any more, whatever became of it. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  async end(): Promise<void> {
    await this.#pending;
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  async #write(
    stretch: Stretch,
    counts: { day: string; cases: number; reports: number; events: number },
  ): Promise<void> {
    await inTransaction(this.#platform, async (client) => {
      await writeStretch(client, this.#cityId, stretch);
      await client.query(
        'update simulation set done_day = $2, cases = $3, reports = $4, events = $5 where id = $1',
        [this.#run.id, counts.day, counts.cases, counts.reports, counts.events],
      );
    });
  }
}

/** The clocks of what is open are handed to the city, and the planner learns how large its tables are. */
export async function finish(platform: Platform, cityId: string, runId: string): Promise<void> {
  await inTransaction(platform, async (client) => {
    await client.query(
      `with gone as (delete from simulation_timer where city_id = $1 returning *)
       insert into timer (task_id, fire, city_id, case_id, due_at, since)
       select task_id, fire, city_id, case_id, due_at, since from gone`,
      [cityId],
    );
    await client.query(`update simulation set state = 'done', ended_at = $2 where id = $1`, [
      runId,
      new Date(platform.clock.now()),
    ]);
  });
  await platform.pool
    .query(`analyze "case", case_text, report, reporter, assignment, task, timer, case_event, case_media, media,
    application, fact_report, fact_case, fact_assignment, fact_task, fact_open, fact_application, fact_reopening,
    daily_source, daily_category, daily_department, monthly_source, monthly_category, monthly_department`);
}
