import { type Reading } from './feel-reading.ts';
import { children, type FeelNode, literalOf, nameOf } from './feel-tree.ts';
import { anyType, commonType, type FeelType, plainType } from './feel-types.ts';

const plain = (name: string): FeelType => ({ kind: 'plain', name });

const byNode: Readonly<Record<string, FeelType>> = {
  StringLiteral: plain('string'),
  NumericLiteral: plain('number'),
  BooleanLiteral: plain('boolean'),
  null: plain('null'),
  Comparison: plain('boolean'),
  Conjunction: plain('boolean'),
  Disjunction: plain('boolean'),
  QuantifiedExpression: plain('boolean'),
  InstanceOfExpression: plain('boolean'),
};

/** What an expression yields, as far as it can be told without a value: what a function says of its result. */
export function staticType(node: FeelNode, reading: Reading, names: ReadonlyMap<string, FeelType>): FeelType {
  const known = byNode[node.name];
  if (known) return known;
  const of = (inner: FeelNode): FeelType => staticType(inner, reading, names);
  const parts = children(node);
  switch (node.name) {
    case 'Expression':
    case 'FunctionBody':
      return parts.length === 1 ? of(parts[0]!) : anyType;
    case 'ParenthesizedExpression':
      return of(parts[1]!);
    case 'List':
      return { kind: 'list', element: parts.slice(1, -1).map(of).reduce(commonType, plain('null')) };
    case 'Context':
      return {
        kind: 'context',
        entries: new Map(parts.slice(1, -1).map((entry) => entryOf(entry, reading, of))),
      };
    case 'ArithmeticExpression': {
      const both = [of(parts[0]!), of(parts.at(-1)!)];
      const isNumber = both.every((type) => type.kind === 'plain' && type.name === 'number');
      return isNumber ? plain('number') : anyType;
    }
    case 'DateTimeLiteral': {
      const name = nameOf(parts[0]!, reading.text);
      return ['date', 'time', 'date and time'].includes(name) ? plainType(name)! : anyType;
    }
    case 'VariableName':
      return names.get(nameOf(node, reading.text)) ?? anyType;
    default:
      return anyType;
  }
}

function entryOf(
  entry: FeelNode,
  reading: Reading,
  of: (inner: FeelNode) => FeelType,
): readonly [string, FeelType] {
  const [key, value] = children(entry);
  const [inner] = children(key!);
  const name =
    inner?.name === 'StringLiteral' ? String(literalOf(inner, reading.text)) : nameOf(key!, reading.text);
  return [name, of(value!)];
}
