import path from 'node:path';
import type { RuleProblem, RuleUpgrade, RuleUpgradeFile, TakeUpgrade } from '@wanmi/contracts';
import type { z } from 'zod';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import { checkRules } from './check.ts';
import type { DraftRow } from './draft-repo.ts';
import { diffFile } from './diff.ts';
import { makeDraft } from './drafts.ts';
import { rulesInForce } from './export.ts';
import { mergeFile } from './merge.ts';
import type { Collision, Merged, Side } from './merge-parts.ts';
import { overlay, placeOf, readRuleFolder, type RuleSet } from './rule-set.ts';
import { groundOf, readShipped, type CityGround } from './store.ts';
import { isFault, readTableText } from './table-text.ts';

/** The rules that this program ships, beside it. */
const SHIPPED = path.resolve(import.meta.dirname, '../../../../../config');

/** A side of a conflict is shown, not edited: nobody reads more of it. */
const MAX_SHOWN = 4000;

/** What the program brings and the city took, and what it made of it. */
interface Three {
  readonly base: RuleSet;
  readonly city: RuleSet;
  readonly program: RuleSet;
}

/** A file as it would be where it is taken, and whether a person has to decide first. */
interface Offer {
  readonly path: string;
  readonly state: RuleUpgradeFile['state'];
  /** Both changes in one; null: only one changed it, or they cannot be told apart. */
  readonly merged: Merged | null;
  readonly problems: readonly RuleProblem[];
}

type Decide = (element: string) => Side | undefined;

function merged({ base, city, program }: Three, file: string, decided?: Decide): Merged | null {
  const [was, own, now] = [base.get(file), city.get(file), program.get(file)];
  if (was === undefined || own === undefined || now === undefined || was === own || was === now) return null;
  return mergeFile(file, { base: was, city: own, program: now }, decided);
}

function offerOf(three: Three, file: string): Offer {
  const { base, city, program } = three;
  const [was, own, now] = [base.get(file), city.get(file), program.get(file)];
  const as = (state: Offer['state'], both: Merged | null = null): Offer => ({
    path: file,
    state,
    problems: [],
    merged: both,
  });
  if (own === now) return as('same');
  if (was === now) return as('own');
  if (was === own) return as('offered');
  const both = merged(three, file);
  if (!both || both.collisions.length > 0) return as('conflict', both);
  return both.text === own ? as('own') : as('offered', both);
}

/** The text that a file has where it is taken; undefined: none. */
const takenText = ({ program }: Three, { path: file, state, merged: both }: Offer): string | undefined =>
  state === 'offered' && both ? both.text : program.get(file);

const keyOf = ({ file, element, code, detail }: RuleProblem): string =>
  JSON.stringify([file, element, code, detail]);

/**
 * What is offered must pass the check together with all that is offered and with what the city has: a file that does
 * not go together with the others is in conflict, and what is left is looked at again without it.
 */
async function checked(
  three: Three,
  offers: readonly Offer[],
  ground: CityGround,
): Promise<{ offers: readonly Offer[]; problems: readonly RuleProblem[] }> {
  if (!offers.some(({ state }) => state === 'offered')) return { offers, problems: [] };
  const errors = async (files: RuleSet): Promise<RuleProblem[]> =>
    (await checkRules(files, ground)).filter(({ severity }) => severity === 'error');
  // Asked only where something is wrong: what the city has was checked when it was published, as a rule
  let before: ReadonlySet<string> | undefined;
  const newOnes = async (all: readonly RuleProblem[]): Promise<readonly RuleProblem[]> => {
    if (all.length === 0) return all;
    const known = (before ??= new Set((await errors(three.city)).map(keyOf)));
    return all.filter((one) => !known.has(keyOf(one)));
  };
  let found = offers;
  for (;;) {
    const open = found.filter(({ state }) => state === 'offered');
    const taken = new Map(open.map((offer) => [offer.path, takenText(three, offer) ?? '']));
    const made = await newOnes(await errors(overlay(three.city, taken)));
    const wrong = new Set(made.map(({ file }) => file).filter((file) => taken.has(file)));
    if (wrong.size === 0) return { offers: found, problems: made };
    found = found.map((offer) =>
      wrong.has(offer.path)
        ? { ...offer, state: 'conflict', problems: made.filter(({ file }) => file === offer.path) }
        : offer,
    );
  }
}

async function offersOf(
  platform: Platform,
  cityId: string,
  folder: string,
): Promise<{ three: Three; offers: readonly Offer[]; problems: readonly RuleProblem[] }> {
  const three = await readThree(platform, cityId, folder);
  const paths = [...new Set([...three.base.keys(), ...three.city.keys(), ...three.program.keys()])].sort();
  const offers = paths.map((file) => offerOf(three, file));
  return { three, ...(await checked(three, offers, await groundOf(platform.db, cityId))) };
}

const short = (text: string | null): string | null =>
  text !== null && text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;

/** Both sides of a conflict; of a row the columns in which they differ, as a difference shows them. */
function shown(file: string, header: string, { element, ...texts }: Collision): Collision {
  const { base, city, program } = placeOf(file)?.kind === 'table' ? cellsOf(header, texts) : texts;
  return { element, base: short(base), city: short(city), program: short(program) };
}

type Texts = Omit<Collision, 'element'>;

function cellsOf(header: string, texts: Texts): Texts {
  const table = (row: string | null) => (row === null ? null : readTableText(`${header}\n${row}`));
  const [base, city, program] = [table(texts.base), table(texts.city), table(texts.program)];
  const rows = [base, city, program].flatMap((one) => (one && !isFault(one) ? [one] : []));
  const differing = (rows[0]?.columns ?? []).filter(
    (_, at) => new Set(rows.map(({ lines }) => lines[0]?.cells[at])).size > 1,
  );
  const said = (one: ReturnType<typeof table>): string | null =>
    one && !isFault(one)
      ? differing.map((name) => `${name}=${one.lines[0]?.cells[one.columns.indexOf(name)] ?? ''}`).join(', ')
      : null;
  return { base: said(base), city: said(city), program: said(program) };
}

/**
 * What an upgrade of the program would change, file by file, three ways: what the city never touched is offered, and
 * so is a file in which each changed parts of its own, with the city's kept; what both changed is a conflict that a
 * person decides, one by one. Nothing is ever overwritten.
 */
export async function upgradeOf(
  platform: Platform,
  cityId: string,
  folder: string = SHIPPED,
): Promise<RuleUpgrade> {
  const { three, offers, problems } = await offersOf(platform, cityId, folder);
  const { base, city } = three;
  return {
    problems: [...problems],
    files: offers.flatMap((offer) => {
      const { path: file, state } = offer;
      if (state === 'same') return [];
      return {
        path: file,
        state,
        merges: offer.merged !== null,
        conflicts: state === 'conflict' ? conflictsOf(three, offer) : [],
        problems: [...offer.problems],
        diff: state === 'own' ? null : diffFile(file, city.get(file), takenText(three, offer)),
        own: diffFile(file, base.get(file), city.get(file)),
      };
    }),
  };
}

function conflictsOf({ city }: Three, { path: file, merged: both }: Offer): Collision[] {
  const header = /^[^\n]*/.exec(city.get(file) ?? '')![0];
  return (both?.collisions ?? []).map((one) => shown(file, header, one));
}

async function readThree(platform: Platform, cityId: string, folder: string): Promise<Three> {
  const [base, { files: city }, program] = await Promise.all([
    readShipped(platform.db, cityId),
    rulesInForce(platform, cityId),
    readRuleFolder(folder),
  ]);
  // A file of no characters is one that was not there
  return { base: new Map([...base].filter(([, text]) => text !== '')), city, program };
}

type Taking = z.output<typeof TakeUpgrade>;

/**
 * A draft with the chosen files: as they are offered, as the program has them, or with both changes and each conflict
 * decided. What is kept instead is remembered with its publication, and not offered again until the program brings
 * something newer.
 * @throws notFound where a file has nothing to offer; validation.failed: a conflict that nobody decided, a file twice
 */
export async function draftOfUpgrade(
  platform: Platform,
  by: { readonly cityId: string; readonly actor: Actor | null },
  { name, take, keep, merge }: Taking,
  meta?: CommandMeta,
  folder: string = SHIPPED,
): Promise<DraftRow> {
  const { three, offers } = await offersOf(platform, by.cityId, folder);
  const known = new Map(offers.map((offer) => [offer.path, offer]));
  const chosen = [...take, ...keep, ...merge.map((one) => one.path)];
  for (const [index, file] of chosen.entries()) {
    const state = known.get(file)?.state;
    if (state !== 'offered' && state !== 'conflict') throw problem('notFound', { what: 'file' });
    if (chosen.indexOf(file) !== index) {
      throw invalid([{ path: '/', code: 'twice', message: `${file} is decided twice`, in: 'body' }]);
    }
  }
  const texts = [
    ...take.map((file) => [file, takenText(three, known.get(file)!) ?? ''] as const),
    ...merge.map((one, index) => [one.path, mergedText(three, one, index)] as const),
  ];
  return makeDraft(
    platform,
    by.cityId,
    {
      name,
      files: overlay(three.city, new Map(texts)),
      shipped: Object.fromEntries(chosen.map((file) => [file, three.program.get(file) ?? ''])),
    },
    by.actor,
    meta,
  );
}

/** @throws validation.failed naming what is not decided, and what nobody asked */
function mergedText(three: Three, { path: file, sides }: Taking['merge'][number], index: number): string {
  const decided = new Map(sides.map(({ element, side }) => [element, side]));
  const both = merged(three, file, (element) => decided.get(element));
  const at = (place: string, code: string, message: string) =>
    invalid([{ path: `/merge/${index}/${place}`, code, message, in: 'body' }]);
  if (!both) throw at('path', 'notMergeable', `${file} can only be taken or kept as a whole`);
  const asked = new Set(both.collisions.map(({ element }) => element));
  const strange = sides.findIndex(({ element }) => !asked.has(element));
  if (strange >= 0) throw at(`sides/${strange}/element`, 'unknown', `${file} has no such conflict`);
  const left = [...asked].filter((element) => !decided.has(element));
  if (left.length > 0) {
    throw invalid(
      left.map((element) => ({
        path: `/merge/${index}/sides`,
        code: 'undecided',
        message: `${file}: ${element}`,
        in: 'body' as const,
      })),
    );
  }
  return both.text;
}
