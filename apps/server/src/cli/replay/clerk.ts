import type { ActionReply, ReportReply } from '@wanmi/contracts';
import { ApiError, type Cast, type Person } from '@wanmi/simulator';
import { conditionCode } from './mapping.ts';
import type { RequestRow } from './rows.ts';

const MINUTE = 60_000;

/** What is done at each step, and how many minutes after it was opened. */
const STEPS: Readonly<Record<string, { action: string; minutes: number }>> = {
  accept: { action: 'sendVerify', minutes: 2 },
  answer: { action: 'answer', minutes: 5 },
  verify: { action: 'confirm', minutes: 8 },
  file: { action: 'file', minutes: 3 },
  dispatch: { action: 'dispatch', minutes: 3 },
  sign: { action: 'sign', minutes: 10 },
  dispose: { action: 'respond', minutes: 1 },
  sendCheck: { action: 'sendCheck', minutes: 2 },
  check: { action: 'pass', minutes: 8 },
  close: { action: 'close', minutes: 4 },
};

/** What waits for the row's closing: the work on a problem, and the answer to what is none. */
const CLOSING: ReadonlySet<string> = new Set(['dispose', 'answer']);

/** Ids of the city by the codes of its files. */
export interface CityIds {
  readonly conditions: ReadonlyMap<string, string>;
  readonly units: ReadonlyMap<string, string>;
}

/** Reads what the clerks must know to fill their forms. */
export async function learnIds(cast: Cast): Promise<CityIds> {
  const operator = somebody(cast, 'operator');
  await cast.as(operator);
  const { client } = operator;
  const conditions = new Map<string, string>();
  for (const { id, level } of (await client.categories()).items) {
    if (level !== 2) continue;
    for (const condition of (await client.conditions(id)).items) conditions.set(condition.code, condition.id);
  }
  const units = new Map<string, string>();
  for (let cursor: string | undefined; ;) {
    const page = await client.units({ limit: 200, cursor });
    for (const unit of page.items) units.set(unit.code, unit.id);
    if (page.next === null) return { conditions, units };
    cursor = page.next;
  }
}

export function somebody(cast: Cast, role: string): Person {
  const [person] = cast.of(role);
  if (!person) throw new Error(`the city has no ${role}`);
  return person;
}

/** An open task of a case, as far as a clerk must know it. */
export interface OpenTask {
  readonly id: string;
  readonly step: string;
  readonly role: string;
  readonly version: number;
  readonly dueAt: number | null;
}

/** When the next step of a row is done; null: it stays open, as the register says. */
export function momentOf(row: RequestRow, step: string, now: number): number | null {
  const plan = STEPS[step];
  if (!plan) return null;
  const at = now + plan.minutes * MINUTE;
  if (!CLOSING.has(step)) return at;
  return row.closedAt === null ? null : Math.max(at, row.closedAt);
}

/** The people of the city at their desks: who does a step, with what in the form. */
export class Clerks {
  readonly #cast: Cast;
  readonly #ids: CityIds;
  #turn = 0;

  constructor(cast: Cast, ids: CityIds) {
    this.#cast = cast;
    this.#ids = ids;
  }

  /** A collector reports from his beat, an operator what came in otherwise. */
  async report(row: RequestRow, withPosition: boolean): Promise<ReportReply> {
    const source = withPosition ? row.source : row.sourceWithoutPosition;
    const point = withPosition ? row.point : null;
    const person =
      source === 'collector' && point ? await this.#walkerAt(point) : this.#inTurn(this.#cast.of('operator'));
    await this.#cast.as(person);
    return person.client.report({
      kind: row.kind,
      source,
      categoryCode: `event:${row.rule.category}`,
      description: row.description,
      externalRef: row.id,
      ...(point ? { position: point } : {}),
      ...(row.address ? { address: row.address } : {}),
    });
  }

  /** Does a step. Several may be asked where nobody knows who walks a place. */
  async act(row: RequestRow, task: OpenTask, patrolGridId: string | null): Promise<ActionReply> {
    const plan = STEPS[task.step];
    if (!plan) throw new Error(`nobody knows what to do at ${task.step}`);
    const ask = { version: task.version, data: this.#dataOf(row, plan.action) };
    let refusal: unknown = new Error(`nobody may ${plan.action}`);
    for (const person of this.#candidates(row, task.role, patrolGridId)) {
      await this.#cast.as(person);
      try {
        const reply = await person.client.act(task.id, plan.action, ask);
        if (patrolGridId) this.#cast.learnBeat(patrolGridId, person);
        return reply;
      } catch (error) {
        const notHis =
          error instanceof ApiError && (error.code === 'notFound' || error.code === 'permission.denied');
        if (!notHis) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  #dataOf(row: RequestRow, action: string): Record<string, unknown> {
    switch (action) {
      case 'file':
        return { conditionId: this.#ids.conditions.get(conditionCode(row.type)) };
      case 'dispatch':
        return { unitId: this.#ids.units.get(row.department) };
      case 'answer':
      case 'respond':
        return { result: row.result ?? row.type };
      default:
        return {};
    }
  }

  #candidates(row: RequestRow, role: string, patrolGridId: string | null): readonly Person[] {
    if (role === 'department') return this.#cast.of(role, this.#ids.units.get(row.department));
    const all = this.#cast.of(role);
    if (role !== 'collector') return [this.#inTurn(all)];
    const walker = this.#cast.walkerOf(patrolGridId);
    return walker ? [walker] : all;
  }

  async #walkerAt({ lon, lat }: { lon: number; lat: number }): Promise<Person> {
    const collectors = this.#cast.of('collector');
    const first = this.#inTurn(collectors);
    await this.#cast.as(first);
    const { patrolGrid } = await first.client.placeAt(lon, lat);
    return this.#cast.walkerOf(patrolGrid?.id) ?? first;
  }

  #inTurn(people: readonly Person[]): Person {
    const person = people[(this.#turn += 1) % people.length];
    if (!person) throw new Error('the city has nobody for this');
    return person;
  }
}
