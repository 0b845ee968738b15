import { choicesFor, type FormSchema } from '../fill.ts';
import type { Random } from '../geo/random.ts';

/** Of what is dispatched by hand: share that goes out in another form than to the one department that is proposed. */
export interface DispatchShares {
  /** To several: equal departments, one that assists, one that makes safe at once. */
  readonly together: number;
  /** 扁平化: straight to a crew of the department that is proposed. */
  readonly flat: number;
  /** 跨区域: to a department of another region. */
  readonly crossRegion: number;
  /** 同时段: to the unit that is on duty at that hour. */
  readonly samePeriod: number;
}

/** Of dispatches to several: equal departments, one that makes safe at once; the others assist. */
const SEVERAL = { several: 0.25, doubleFlow: 0.2 } as const;

interface Offer {
  readonly const: string;
  readonly title?: string;
}

/**
 * What a dispatcher fills into the form of dispatch: mostly nothing, which leaves it to whom the manual proposes. A
 * form that the city's own does not offer is not taken, nor one for which there is nobody.
 */
export function dispatchChoice(
  schema: FormSchema,
  random: Random,
  shares: DispatchShares,
): Record<string, unknown> {
  const units = offersOf(schema, 'unitId');
  const first =
    (propertyOf(schema, 'unitId')?.['default'] as string | undefined) ?? departmentsOf(schema, 'single')[0];
  const form = formOf(random, shares);
  if (form === null || first === undefined) return {};
  if (!offersOf(schema, 'form').some((one) => one.const === form)) return {};
  switch (form) {
    case 'flat': {
      // A crew is offered with the name of its department before its own.
      const department = units.find((one) => one.const === first)?.title;
      const crews = offersOf(schema, 'crewId').filter(
        ({ title }) => department !== undefined && title?.startsWith(`${department} · `),
      );
      return crews.length > 0 ? { form, crewId: random.pick(crews).const } : {};
    }
    case 'crossRegion':
    case 'samePeriod': {
      // Where the form leaves the one that is proposed, it goes there itself.
      const there = departmentsOf(schema, form);
      if (there.length === 0) return {};
      return { form, unitId: there.includes(first) ? first : random.pick(there) };
    }
    default: {
      const others = choicesOf(schema, 'otherIds').filter((id) => id !== first);
      if (others.length === 0) return {};
      const most = form === 'mainAssist' ? 2 : 1;
      return { form, unitId: first, otherIds: random.shuffle(others).slice(0, random.int(1, most)) };
    }
  }
}

type Form = 'several' | 'doubleFlow' | 'mainAssist' | 'flat' | 'crossRegion' | 'samePeriod';

function formOf(random: Random, shares: DispatchShares): Form | null {
  if (random.chance(shares.together)) {
    const mark = random.next();
    if (mark < SEVERAL.several) return 'several';
    return mark < SEVERAL.several + SEVERAL.doubleFlow ? 'doubleFlow' : 'mainAssist';
  }
  if (random.chance(shares.flat)) return 'flat';
  if (random.chance(shares.crossRegion)) return 'crossRegion';
  return random.chance(shares.samePeriod) ? 'samePeriod' : null;
}

/** The departments that may be named in this form of dispatch. */
export function departmentsOf(schema: FormSchema, form: string): string[] {
  const left = choicesFor(schema, 'unitId', { form });
  return choicesOf(schema, 'unitId').filter((id) => left?.includes(id) ?? true);
}

/** What a form offers for a field, or for each entry of one that takes several. */
export function choicesOf(schema: FormSchema, name: string): string[] {
  return offersOf(schema, name).map((one) => one.const);
}

function offersOf(schema: FormSchema, name: string): Offer[] {
  const property = propertyOf(schema, name);
  const of = property?.['oneOf'] ?? (property?.['items'] as FormSchema | undefined)?.['oneOf'];
  return (of ?? []) as Offer[];
}

const propertyOf = (schema: FormSchema, name: string): FormSchema | undefined =>
  ((schema['properties'] ?? {}) as Record<string, FormSchema>)[name];
