import { builtIns } from './feel-functions.ts';
import type { Code, Reading, Scope } from './feel-reading.ts';
import { type FeelNode, nameOf, normalized } from './feel-tree.ts';
import { toInside } from './feel-values.ts';

export function valueOf(scope: Scope, name: string): unknown {
  for (let at: Scope | null = scope; at; at = at.outer) {
    if (!Object.hasOwn(at.names, name)) continue;
    const value = at.names[name];
    if (value !== undefined) return typeof value === 'string' ? value : toInside(value);
  }
  return undefined;
}

/** A name with operators inside may be written with other blanks than where it was declared. */
export function looselyNamed(scope: Scope, wanted: string): unknown {
  for (let at: Scope | null = scope; at; at = at.outer) {
    for (const name of Object.keys(at.names)) {
      const value = at.names[name];
      if (value !== undefined && normalized(name) === wanted) return toInside(value);
    }
  }
  return undefined;
}

export function variable(node: FeelNode, reading: Reading): Code {
  const name = nameOf(node, reading.text);
  const builtIn = builtIns.get(name);
  if (!builtIn || reading.isLocal(name)) reading.reads(name);
  if (/[^\p{L}\p{N}_]/u.test(name)) {
    const loose = normalized(name);
    return (scope) => valueOf(scope, name) ?? looselyNamed(scope, loose) ?? builtIn ?? null;
  }
  if (builtIn) return (scope) => valueOf(scope, name) ?? builtIn;
  return (scope) => valueOf(scope, name) ?? null;
}
