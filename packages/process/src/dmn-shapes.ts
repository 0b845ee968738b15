import { childNamed, childrenNamed, type DmnElement, textOf } from './dmn-xml.ts';

/** Names with a value like theirs. */
export type Shapes = Readonly<Record<string, unknown>>;

export const expressionNames = [
  'decisionTable',
  'literalExpression',
  'context',
  'invocation',
  'functionDefinition',
  'relation',
  'list',
  'conditional',
  'for',
  'some',
  'every',
  'filter',
];

/** The one expression that an element holds. */
export function expressionOf(element: DmnElement | undefined): DmnElement | undefined {
  return element?.children.find((child) => expressionNames.includes(child.name));
}

/** The names inside of what an expression yields, as far as they are written down. */
export function shapeOfExpression(element: DmnElement | undefined): unknown {
  if (!element) return null;
  switch (element.name) {
    case 'context': {
      const entries = childrenNamed(element, 'contextEntry');
      if (entries.some((entry) => !childNamed(entry, 'variable'))) return null;
      return Object.fromEntries(
        entries.map((entry) => [
          childNamed(entry, 'variable')!.attribute('name') ?? '',
          shapeOfExpression(expressionOf(entry)),
        ]),
      );
    }
    case 'decisionTable': {
      const outputs = childrenNamed(element, 'output');
      if (outputs.length < 2) return null;
      const one = Object.fromEntries(outputs.map((output) => [output.attribute('name') ?? '', null]));
      return /^(COLLECT|RULE ORDER|OUTPUT ORDER)$/.test(element.attribute('hitPolicy') ?? '') ? [one] : one;
    }
    case 'relation':
      return [
        Object.fromEntries(
          childrenNamed(element, 'column').map((column) => [column.attribute('name') ?? '', null]),
        ),
      ];
    default:
      return null;
  }
}

/** The same of the elements of a list that an expression yields. */
export function elementShape(domain: DmnElement | undefined, shapes: Shapes): unknown {
  const written = shapeOfExpression(domain);
  const shape = written ?? shapes[textOf(domain)];
  return Array.isArray(shape) ? shape[0] : shape;
}
