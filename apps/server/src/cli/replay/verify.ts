import type { Cast } from '@wanmi/simulator';
import { somebody } from './clerk.ts';

export interface Verified {
  /** Cases whose chain was recomputed. */
  readonly checked: number;
  /** Of these, cases that the last daily root holds as they are. */
  readonly inRoot: number;
  readonly broken: readonly { caseNo: string; at: number | null; reason: string | null }[];
  /** All cases of the city, as its list shows them. */
  readonly cases: number;
  readonly byStage: Readonly<Record<string, number>>;
  readonly byOutcome: Readonly<Record<string, number>>;
}

/** Recomputes the chain of every case that a row became, and counts what the city's own list shows. */
export async function verifyCases(cast: Cast, caseIds: readonly string[]): Promise<Verified> {
  const leader = somebody(cast, 'shiftLeader');
  await cast.as(leader);
  const { client } = leader;
  const broken: { caseNo: string; at: number | null; reason: string | null }[] = [];
  let next = 0;
  let checked = 0;
  let inRoot = 0;
  const lane = async (): Promise<void> => {
    for (let id = caseIds[next++]; id !== undefined; id = caseIds[next++]) {
      const { whole, caseNo, brokenAt, reason, lastRoot } = await client.integrity(id);
      checked += 1;
      if (lastRoot?.included) inRoot += 1;
      if (!whole) broken.push({ caseNo, at: brokenAt, reason });
    }
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  const byStage: Record<string, number> = {};
  const byOutcome: Record<string, number> = {};
  let cases = 0;
  for (let cursor: string | undefined; ;) {
    const page = await client.cases({ limit: 200, cursor });
    for (const { stage, outcome } of page.items) {
      cases += 1;
      byStage[stage] = (byStage[stage] ?? 0) + 1;
      if (outcome !== null) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1;
    }
    if (page.next === null) return { checked, inRoot, broken, cases, byStage, byOutcome };
    cursor = page.next;
  }
}
