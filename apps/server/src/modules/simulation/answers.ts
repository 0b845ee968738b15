import {
  choicesOf,
  createRandom,
  departmentsOf,
  dispatchChoice,
  fillForm,
  STORIES,
  type FormSchema,
  type Random,
  type Subject,
} from '@wanmi/simulator';
import { departmentsOnDuty, formContextOf } from '#modules/cases';
import { formFor, noContext, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import type { Conductor } from './conduct.ts';
import type { LiveCase } from './life.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Filled with what is asked for and no more: a stray value would mean something. */
const CAREFUL = new Set([
  'file',
  'dispatch',
  'redispatch',
  'assign',
  'approve',
  'applyExtend',
  'applySuspend',
  'applyVoid',
  'addDepartment',
  'consult',
  'merge',
  'unmerge',
  'close',
]);
/** Of cases that are filed: share whose condition is not the one that is proposed. */
const OTHER_CONDITION = 0.25;
/** Share of the fields that may stay empty and are filled all the same. */
const CHATTY = 0.12;
/** Of departments that are added: those that assist, and those that only make it safe at once. */
const ADDED = { assist: 0.6, safe: 0.15 } as const;

/** Somebody's act, for which a form is to be filled in. */
export interface Act {
  readonly c: LiveCase;
  readonly actor: Actor;
  readonly action: string;
  /** Its name in the drawing. */
  readonly form: string;
  readonly assignmentId: string | null;
  readonly random: Random;
  /** Values that are known beforehand. */
  readonly known: Readonly<Record<string, unknown>>;
}

/** What people write into the forms of a city, whatever it has made of them. */
export class Answers {
  readonly #world: World;
  readonly #conductor: Conductor;
  /** Of each catalogue: which forms offer what hangs on the case. */
  readonly #depends = new WeakMap<Catalog, Map<string, boolean>>();

  constructor(world: World, conductor: Conductor) {
    this.#world = world;
    this.#conductor = conductor;
  }

  async to(act: Act, catalog: Catalog): Promise<Record<string, unknown>> {
    const schema = await this.#form(act, catalog);
    const mediaIds = await this.#photos(act, schema);
    return fillForm(schema, act.random, {
      mediaIds,
      values: { ...(await this.#values(act, schema, catalog)), ...act.known },
      optional: CAREFUL.has(act.action) ? 0 : CHATTY,
    });
  }

  /** Forms whose choices hang on the case are filled for it; the others are the same for all. */
  async #form({ c, actor, form }: Act, catalog: Catalog): Promise<FormSchema> {
    let depends = this.#depends.get(catalog);
    if (!depends) this.#depends.set(catalog, (depends = new Map()));
    let own = depends.get(form);
    if (own === undefined) {
      const text = JSON.stringify(catalog.forms.get(form)?.schema ?? {});
      own = /"x-widget":"(condition|unit|units|followUp)"/.test(text);
      depends.set(form, own);
    }
    const context = own ? formContextOf(c.state, actor.unitId) : noContext;
    return formFor(this.#world.memory, c.state.cityId, form, context);
  }

  async #values(act: Act, schema: FormSchema, catalog: Catalog): Promise<Record<string, unknown>> {
    const { c, assignmentId, action, random } = act;
    const now = this.#world.options.clock.now();
    switch (action) {
      case 'file': {
        // What is proposed is mostly right.
        const offers = choicesOf(schema, 'conditionId');
        return offers.length > 0 && random.chance(OTHER_CONDITION)
          ? { conditionId: random.pick(offers) }
          : {};
      }
      case 'dispatch':
      case 'redispatch':
        return this.#dispatch(act, schema, catalog);
      case 'addDepartment': {
        const others = choicesOf(schema, 'unitId').filter((id) => !unitsOf(c).has(id));
        const mark = random.next();
        const part = mark < ADDED.assist ? 'assist' : mark < ADDED.assist + ADDED.safe ? 'safe' : 'main';
        return others.length > 0 ? { unitId: random.pick(others), part } : {};
      }
      case 'consult':
        return { unitIds: random.shuffle(choicesOf(schema, 'unitIds')).slice(0, random.int(2, 3)) };
      case 'applyExtend': {
        const a = c.assignments.get(assignmentId ?? '')?.row;
        const value = a ? Math.max(0.5, Math.round(a.limitValue * random.between(0.3, 1) * 2) / 2) : 1;
        return { value, unit: a?.limitUnit ?? 'workingDay' };
      }
      case 'applySuspend':
      case 'applyDefer':
        return { until: new Date(now + Math.round(random.between(2, 12)) * DAY).toISOString() };
      case 'rate': {
        const late = [...c.assignments.values()].some(({ row }) => row.overdue);
        return { stars: late ? random.pick([1, 2, 3, 3, 4]) : random.pick([3, 4, 4, 5, 5, 5]) };
      }
      default:
        return {};
    }
  }

  /** To the one that is proposed, at times in another form; never to those who gave it back, or did it badly. */
  async #dispatch(
    { c, action, actor, form, random }: Act,
    schema: FormSchema,
    catalog: Catalog,
  ): Promise<Record<string, unknown>> {
    const had = unitsOf(c);
    if (had.size > 0) {
      const others = departmentsOf(schema, 'single').filter((id) => !had.has(id));
      return others.length > 0 ? { unitId: random.pick(others) } : {};
    }
    if (action !== 'dispatch') return {};
    const { clock, seed } = this.#world.options;
    const at = clock.now();
    const {
      together,
      flat = 0,
      crossRegion = 0,
      samePeriod = 0,
    } = this.#conductor.of(null, this.#world.episodesAt(at));
    const choose = (shown: FormSchema): Record<string, unknown> =>
      dispatchChoice(shown, createRandom(seed, `${c.state.caseNo} ${action} form`), {
        together,
        flat,
        crossRegion,
        samePeriod,
      });
    const chosen = choose(schema);
    if (chosen['form'] !== 'samePeriod') return chosen;
    // Who is on duty is asked for where it matters: of a year's dispatches these are few.
    const onDuty = await departmentsOnDuty(this.#world.memory, catalog, at);
    const context = formContextOf(c.state, actor.unitId, { onDuty });
    return choose(await formFor(this.#world.memory, c.state.cityId, form, context));
  }

  async #photos({ c, actor, action, random }: Act, schema: FormSchema): Promise<string[]> {
    const { scenario, pictures, clock } = this.#world.options;
    const asked = 'mediaIds' in ((schema['properties'] ?? {}) as object);
    const needed = asked && ((schema['required'] ?? []) as string[]).includes('mediaIds');
    if (!asked || (!random.chance(scenario.photos[action] ?? 0) && !needed)) return [];
    const { lon, lat } = c.words;
    const state = action === 'respond' || action === 'pass' ? 'after' : 'before';
    const by = { postId: actor.postId, at: clock.now(), lon, lat };
    return [
      await pictures.take({ subject: subjectOf(c.words.description), state, label: c.state.caseNo }, by),
    ];
  }
}

const unitsOf = (c: LiveCase): ReadonlySet<string> =>
  new Set([...c.assignments.values()].map(({ row }) => row.unitId));

const subjects = new Map<string, Subject>();

function subjectOf(description: string): Subject {
  const tail = description.slice(-6);
  let found = subjects.get(tail);
  if (!found) {
    const told = STORIES.find(({ texts }) => texts.some((text) => text.endsWith(tail)));
    found = told?.subject ?? 'rubbish';
    if (subjects.size < 5000) subjects.set(tail, found);
  }
  return found;
}
