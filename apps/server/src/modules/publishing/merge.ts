import { mergeParts, type Decided, type Merged } from './merge-parts.ts';
import { jsonParts } from './parts-json.ts';
import type { Part } from './parts.ts';
import { tableParts } from './parts-table.ts';
import { xmlParts } from './parts-xml.ts';
import { placeOf } from './rule-set.ts';
import { keyColumns } from './tables.ts';

export interface Versions {
  /** What both began with. */
  readonly base: string;
  readonly city: string;
  readonly program: string;
}

const undecided: Decided = () => undefined;

/**
 * A file that both the city and the program changed, as one: tables row by row, drawings and decision files element by
 * element, JSON key by key. What only one of them changed is as that one has it, what both changed is named.
 * Null where it cannot be taken apart, or is another one as a whole: that is for a person.
 */
export function mergeFile(
  file: string,
  { base, city, program }: Versions,
  decided: Decided = undecided,
): Merged | null {
  if (city === program || base === program) return { text: city, collisions: [] };
  if (base === city) return { text: program, collisions: [] };
  const [was, own, now] = [partsOf(file, base), partsOf(file, city), partsOf(file, program)];
  if (!was || !own || !now) return null;
  const merged = mergeParts([was, own, now], decided);
  return merged.collisions.some(({ element }) => element === '') ? null : merged;
}

function partsOf(file: string, text: string): Part | null {
  const place = placeOf(file);
  if (place?.kind === 'table') {
    const keys = keyColumns(place.code);
    return keys ? tableParts(text, keys) : null;
  }
  if (/\.(bpmn|dmn)$/.test(file)) return xmlParts(text);
  return /\.(geo)?json$/.test(file) ? jsonParts(text) : null;
}
