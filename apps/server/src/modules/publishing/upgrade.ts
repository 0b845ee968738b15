import path from 'node:path';
import type { RuleUpgrade, TakeUpgrade } from '@wanmi/contracts';
import type { z } from 'zod';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { DraftRow } from './draft-repo.ts';
import { diffFile } from './diff.ts';
import { makeDraft } from './drafts.ts';
import { rulesInForce } from './export.ts';
import { mergeTables } from './merge.ts';
import { overlay, readRuleFolder, type RuleSet } from './rule-set.ts';
import { readShipped } from './store.ts';

/** The rules that this program ships, beside it. */
const SHIPPED = path.resolve(import.meta.dirname, '../../../../../config');

/** What the program brings and the city took, and what it made of it. */
interface Three {
  readonly base: RuleSet;
  readonly city: RuleSet;
  readonly program: RuleSet;
}

type UpgradeState = RuleUpgrade['files'][number]['state'];

function stateOf(three: Three, file: string): UpgradeState {
  const { base, city, program } = three;
  const [was, own, now] = [base.get(file), city.get(file), program.get(file)];
  if (own === now) return 'same';
  if (was === now) return 'own';
  const both = merged(three, file);
  if (both !== null && both === own) return 'own';
  return was === own || both !== null ? 'offered' : 'conflict';
}

/** A table whose rows both changed, but none of them both. */
function merged({ base, city, program }: Three, file: string): string | null {
  const [was, own, now] = [base.get(file), city.get(file), program.get(file)];
  if (was === undefined || own === undefined || now === undefined || was === own) return null;
  return mergeTables(file, { base: was, city: own, program: now });
}

/** The text that a file has where it is taken; undefined: none. */
const takenText = (three: Three, file: string): string | undefined =>
  merged(three, file) ?? three.program.get(file);

/**
 * What an upgrade of the program would change, file by file, three ways: what the city never touched is offered,
 * and so is a table in which each changed rows of its own, with the city's kept; what both changed is a conflict that
 * a person decides. Nothing is ever overwritten.
 */
export async function upgradeOf(
  platform: Platform,
  cityId: string,
  folder: string = SHIPPED,
): Promise<RuleUpgrade> {
  const three = await readThree(platform, cityId, folder);
  const paths = [...new Set([...three.base.keys(), ...three.city.keys(), ...three.program.keys()])].sort();
  return {
    files: paths.flatMap((file) => {
      const state = stateOf(three, file);
      if (state === 'same') return [];
      const { base, city } = three;
      const isOffer = state !== 'own';
      return {
        path: file,
        state,
        diff: isOffer ? diffFile(file, city.get(file), takenText(three, file)) : null,
        own: diffFile(file, base.get(file), city.get(file)),
      };
    }),
  };
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

/**
 * A draft with the chosen files as the program has them. What is kept instead is remembered with its publication,
 * and not offered again until the program brings something newer.
 * @throws notFound where a file has nothing to offer
 */
export async function draftOfUpgrade(
  platform: Platform,
  actor: Actor,
  { name, take, keep }: z.output<typeof TakeUpgrade>,
  meta: CommandMeta,
  folder: string = SHIPPED,
): Promise<DraftRow> {
  const three = await readThree(platform, actor.cityId, folder);
  for (const file of [...take, ...keep]) {
    const state = stateOf(three, file);
    if (state !== 'offered' && state !== 'conflict') throw problem('notFound', { what: 'file' });
  }
  const shipped = Object.fromEntries([...take, ...keep].map((file) => [file, three.program.get(file) ?? '']));
  const taken = new Map(take.map((file) => [file, takenText(three, file) ?? '']));
  return makeDraft(platform, actor.cityId, { name, files: overlay(three.city, taken), shipped }, actor, meta);
}
