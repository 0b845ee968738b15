import type { Platform } from '#platform/platform';
import { unpackArchive } from './archive.ts';
import { followUnits } from './follow.ts';
import { currentUnits, renderRules } from './render.ts';
import { pathOf, sorted, type RuleSet } from './rule-set.ts';
import { publicationIn, readArchive, type PublicationRow } from './store.ts';

export interface RulesInForce {
  /** Null: the city was set up before there were publications, or from files of its own. */
  readonly publication: PublicationRow | null;
  readonly files: RuleSet;
}

/**
 * The rules of a city as they are in force, byte by byte as they were published; only the tables of units and
 * of who is responsible follow what has become of units and regions since.
 */
export async function rulesInForce(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  cityId: string,
): Promise<RulesInForce> {
  const publication = await publicationIn(db, cityId, 'inForce');
  if (!publication) {
    const files = await renderRules(db, cityId, clock.now());
    return { publication, files: await followUnits(db, cityId, files) };
  }
  const published = unpackArchive(await readArchive(db, publication.id));
  const files = new Map(await followUnits(db, cityId, published));
  const file = pathOf('table', 'department');
  const units = await currentUnits(db, cityId, files.get(file));
  if (units !== undefined) files.set(file, units);
  return { publication, files: sorted(files) };
}
