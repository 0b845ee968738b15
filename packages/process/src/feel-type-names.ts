import type { Code, Reading } from './feel-reading.ts';
import { children, type FeelNode, nameOf } from './feel-tree.ts';
import { anyType, conforms, type FeelType, plainType } from './feel-types.ts';

export function instanceOf(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const value = reading.compile(parts[0]!);
  const type = typeFrom(parts.at(-1)!, reading);
  return (scope) => {
    if (!type) return null;
    const given = value(scope);
    if (given === null) return type.kind === 'plain' && type.name === 'null';
    return conforms(given, type, 'instance');
  };
}

/** Null for a type that nobody defines. */
export function typeFrom(node: FeelNode, reading: Reading): FeelType | null {
  const [inner] = children(node);
  if (!inner) return null;
  switch (inner.name) {
    case 'QualifiedName': {
      const name = nameOf(inner, reading.text);
      return plainType(name) ?? reading.types.get(name) ?? null;
    }
    case 'SpecialType':
      return plainType(nameOf(inner, reading.text)) ?? null;
    case 'ListType': {
      const element = typeFrom(
        children(inner).find(({ name }) => name === 'Type')!,
        reading,
      );
      if (!element) return null;
      // the parser knows no ranges of a type; it was given a list in their place
      return { kind: reading.source(inner).startsWith('range') ? 'range' : 'list', element };
    }
    case 'ContextType':
      return contextType(inner, reading);
    case 'FunctionType':
      return functionType(inner, reading);
    default:
      return null;
  }
}

function contextType(node: FeelNode, reading: Reading): FeelType | null {
  const entries = new Map<string, FeelType>();
  for (const entry of children(children(node).find(({ name }) => name === 'ContextEntryTypes')!)) {
    const [name, type] = children(entry);
    const read = typeFrom(type!, reading);
    if (!read) return null;
    entries.set(nameOf(name!, reading.text), read);
  }
  return { kind: 'context', entries };
}

/** `function<string, number> -> boolean`. */
function functionType(node: FeelNode, reading: Reading): FeelType | null {
  const parts = children(node);
  const given = parts.find(({ name }) => name === 'ArgumentTypes');
  const parameters = (given ? children(given) : []).map((argument) =>
    typeFrom(argument.name === 'Type' ? argument : children(argument)[0]!, reading),
  );
  const yields = parts.findLast(({ name }) => name === 'Type');
  const returns = yields ? typeFrom(yields, reading) : anyType;
  if (!returns || !parameters.every((parameter) => parameter !== null)) return null;
  return { kind: 'function', parameters, returns };
}
