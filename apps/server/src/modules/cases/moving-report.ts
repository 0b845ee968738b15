import type {
  MoveChange,
  MoveFinding,
  MoveNode,
  MoveProblem,
  MoveTarget,
  ProcessMoveReport,
} from '@wanmi/contracts';
import {
  canTake,
  differencesOf,
  placesOf,
  type Graph,
  type GraphNode,
  type MovePlace,
  type ProcessState,
} from '@wanmi/process';
import type { z } from 'zod';
import type { CheckedMove } from './moving.ts';
import { moveOfCase, type Found, type Moving } from './moving-case.ts';
import { casesOn } from './moving-repo.ts';
import { loadCases } from './repo.ts';

const BATCH = 200;
/** As many cases as are tried: the nodes of a version are all met long before. */
const MOST = 20_000;
const EXAMPLES = 10;

type Finding = z.infer<typeof MoveFinding>;

/** Findings counted: by code, node and where it would go. */
export class Findings<Code extends string> {
  readonly #found = new Map<string, Finding & { code: Code }>();

  constructor(known: readonly (Finding & { code: Code })[] = []) {
    for (const one of known) this.#found.set(keyOf(one), structuredClone(one));
  }

  add(found: readonly Found<Code>[], example: { id: string; caseNo: string }): void {
    // one case counts once, however many of its tokens have the same
    for (const one of new Map(found.map((each) => [keyOf(each), each])).values()) {
      const key = keyOf(one);
      let counted = this.#found.get(key);
      if (!counted) this.#found.set(key, (counted = { ...one, cases: 0, examples: [] }));
      counted.cases += 1;
      if (counted.examples.length < EXAMPLES) counted.examples.push(example);
    }
  }

  /** The most frequent first. */
  list(): (Finding & { code: Code })[] {
    return [...this.#found.values()].toSorted((a, b) => b.cases - a.cases || (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

const keyOf = ({ code, node, to }: Found<string>): string => `${code} ${node} ${to}`;

/** 试迁移: every open case of the version in memory, by the same steps as the move itself. */
export async function tryMove({ moving, map, from, to }: CheckedMove): Promise<ProcessMoveReport> {
  const problems = new Findings<MoveProblem['code']>();
  const changes = new Findings<MoveChange['code']>();
  const standing = new Map<number, { cases: number; movable: number }>();
  const at = moving.platform.clock.now();
  let tried = 0;
  let movable = 0;
  for (let after: string | null = null; tried < MOST;) {
    const ids: string[] = await casesOn(moving.platform.db, moving.fromId, after, BATCH);
    if (ids.length === 0) break;
    after = ids.at(-1)!;
    for (const loaded of await loadCases(moving.platform.pool, ids, moving.cityId)) {
      // what moved on or ended since the list was read is not there any more
      if (loaded.state.endedAt !== null || loaded.state.processId !== moving.fromId) continue;
      const result = await moveOfCase(moving, loaded, at);
      const example = { id: loaded.state.id, caseNo: loaded.state.caseNo };
      problems.add(result.problems, example);
      if (result.state) changes.add(result.changes, example);
      tried += 1;
      if (result.state) movable += 1;
      for (const index of new Set((loaded.state.tokens as ProcessState).t.map(([, node]) => node))) {
        const count = standing.get(index) ?? { cases: 0, movable: 0 };
        standing.set(index, count);
        count.cases += 1;
        if (result.state) count.movable += 1;
      }
    }
  }
  return {
    from,
    to,
    mapHash: moving.mapHash,
    cases: from.cases,
    tried,
    movable,
    nodes: nodesOf(moving, map, standing),
    targets: placesOf(moving.to).map(({ node, place }) => targetOf(moving.to, node, place)),
    problems: problems.list(),
    changes: changes.list(),
  };
}

function nodesOf(
  moving: Moving,
  map: Readonly<Record<string, string>>,
  standing: ReadonlyMap<number, { cases: number; movable: number }>,
): MoveNode[] {
  const places = placesOf(moving.to);
  return placesOf(moving.from).map(({ node, place }): MoveNode => {
    const to = moving.mover.targetOf(node);
    return {
      ...targetOf(moving.from, node, place),
      to: to?.id ?? null,
      by: to ? (to.id === node.id && !Object.hasOwn(map, node.id) ? 'same' : 'map') : null,
      options: places.filter((one) => canTake(node, one.node)).map((one) => one.node.id),
      ...(standing.get(node.index) ?? { cases: 0, movable: 0 }),
      changes: to ? differencesOf(node, to) : [],
    };
  });
}

function targetOf(graph: Graph, node: GraphNode, place: MovePlace): MoveTarget {
  const holder = graph.scopes[node.scope]?.node;
  return {
    node: node.id,
    name: node.name,
    kind: place,
    step: node.kind === 'task' ? node.step : null,
    role: node.kind === 'task' ? node.role : null,
    within: holder === null || holder === undefined ? null : graph.nodes[holder]!.id,
  };
}
