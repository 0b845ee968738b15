import { citiesOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { catalogOf } from './catalogue.ts';
import { processOf } from './rules.ts';

/** A server of many cities is not to begin later for them. */
const PATIENCE_MS = 2000;

/**
 * Compiles what the cities have in force before the first request: forms, tables, and the drawings, of which the first
 * in a process takes fifteen times as long as the later ones. A city whose rules cannot be read is told about by whoever
 * asks for them.
 */
export async function warmUp(platform: Platform): Promise<void> {
  const began = performance.now();
  for (const { id, code } of await citiesOf(platform.db)) {
    try {
      const { rules } = await catalogOf(platform, id);
      for (const [name, rule] of rules) if (name.startsWith('process:')) await processOf(platform, rule.id);
    } catch (error) {
      platform.log.warn({ err: error, city: code }, 'the rules of a city do not compile');
    }
    if (performance.now() - began > PATIENCE_MS) return;
  }
}
