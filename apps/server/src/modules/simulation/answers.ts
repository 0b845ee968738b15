import {
  createRandom,
  fillForm,
  STORIES,
  type FormSchema,
  type Random,
  type Subject,
} from '@wanmi/simulator';
import { formContextOf } from '#modules/cases';
import { formFor, noContext, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import type { Conductor } from './conduct.ts';
import type { LiveCase } from './life.ts';
import type { World } from './world.ts';

const DAY = 24 * 3_600_000;

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
/** Of dispatches to several: equal departments, one that makes safe at once; the others assist. */
const FORMS = { several: 0.25, doubleFlow: 0.2 } as const;

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
      values: { ...this.#values(act, schema), ...act.known },
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

  #values({ c, assignmentId, action, random }: Act, schema: FormSchema): Record<string, unknown> {
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
        return this.#dispatch(c, action, schema, random);
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

  /** To the one that is proposed, at times to several; never to those who gave it back, or did it badly. */
  #dispatch(c: LiveCase, action: string, schema: FormSchema, random: Random): Record<string, unknown> {
    const had = unitsOf(c);
    const units = ownOf(schema);
    if (had.size > 0) {
      const others = units.filter((id) => !had.has(id));
      return others.length > 0 ? { unitId: random.pick(others) } : {};
    }
    const { clock, seed } = this.#world.options;
    const { together } = this.#conductor.of(null, this.#world.episodesAt(clock.now()));
    const own = createRandom(seed, `${c.state.caseNo} ${action} form`);
    if (action !== 'dispatch' || !own.chance(together)) return {};
    const first = proposedOf(schema, 'unitId') ?? units[0];
    const others = choicesOf(schema, 'otherIds').filter((id) => id !== first);
    if (first === undefined || others.length === 0) return {};
    const mark = own.next();
    const form =
      mark < FORMS.several
        ? 'several'
        : mark < FORMS.several + FORMS.doubleFlow
          ? 'doubleFlow'
          : 'mainAssist';
    const most = form === 'mainAssist' ? 2 : 1;
    return { form, unitId: first, otherIds: own.shuffle(others).slice(0, own.int(1, most)) };
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

/** The departments that may be named without a word on the form of dispatch: those beyond the place are not. */
function ownOf(schema: FormSchema): string[] {
  const rules = (schema['allOf'] ?? []) as { else?: { properties?: { unitId?: { enum?: string[] } } } }[];
  const left = rules.flatMap((rule) => rule.else?.properties?.unitId?.enum ?? []);
  return choicesOf(schema, 'unitId').filter((id) => left.length === 0 || left.includes(id));
}

const unitsOf = (c: LiveCase): ReadonlySet<string> =>
  new Set([...c.assignments.values()].map(({ row }) => row.unitId));

/** What a form offers for a field, or for each entry of one that takes several. */
function choicesOf(schema: FormSchema, name: string): string[] {
  const property = propertyOf(schema, name);
  const of = property?.['oneOf'] ?? (property?.['items'] as FormSchema | undefined)?.['oneOf'];
  return ((of ?? []) as { const: string }[]).map((one) => one.const);
}

const proposedOf = (schema: FormSchema, name: string): string | undefined =>
  propertyOf(schema, name)?.['default'] as string | undefined;

const propertyOf = (schema: FormSchema, name: string): FormSchema | undefined =>
  ((schema['properties'] ?? {}) as Record<string, FormSchema>)[name];

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
