import { ACTIONS, STEPS, type OwnWords, type Text } from '@wanmi/contracts';
import { tasksOf, type Graph } from '@wanmi/process';
import type { Platform } from '#platform/platform';
import { processesWithWords } from './repo.ts';
import { processOf } from './rules.ts';

/** A name as drawings have it, `复核 / Review`; one without an English half is the same in both. */
export function nameDrawn(drawn: string, code: string): Text {
  const [zh = '', en = ''] = drawn.split(' / ', 2).map((part) => part.trim());
  return { 'zh-CN': zh || code, en: en || zh || code };
}

const KNOWN_STEPS: ReadonlySet<string> = new Set(STEPS);
const KNOWN_ACTIONS: ReadonlySet<string> = new Set(ACTIONS);
/** Cases keep the version that they began with; what is older than this is called by its code. */
const VERSIONS = 40;

/** Steps and actions of the city's drawings that the vocabulary does not have. */
export async function ownWords(platform: Platform, cityId: string): Promise<OwnWords> {
  const words: OwnWords = { steps: {}, actions: {} };
  // The newest first: what is called otherwise now is called so for older cases too.
  for (const id of await processesWithWords(platform.db, cityId, VERSIONS)) {
    read(await processOf(platform, id), words);
  }
  return words;
}

function read(graph: Graph, { steps, actions }: OwnWords): void {
  const add = (to: Record<string, Text>, known: ReadonlySet<string>, code: string, drawn: string): void => {
    if (!known.has(code) && !Object.hasOwn(to, code)) to[code] = nameDrawn(drawn, code);
  };
  for (const task of tasksOf(graph)) {
    add(steps, KNOWN_STEPS, task.step, task.name);
    for (const { action, name } of task.actions) add(actions, KNOWN_ACTIONS, action, name);
  }
  for (const node of graph.nodes) {
    if ('event' in node && node.event?.kind === 'message' && node.event.role !== null) {
      add(actions, KNOWN_ACTIONS, node.event.message, node.name);
    }
  }
}
