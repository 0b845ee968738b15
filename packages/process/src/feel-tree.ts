import type { parseExpression } from 'feelin';
import { type FeelNumber, parseNumber } from './feel-number.ts';

/** The concrete syntax tree that feelin's parser returns. */
export type FeelTree = ReturnType<typeof parseExpression>;
export type FeelNode = FeelTree['topNode'];

/** The children of a node, without white space and comments. */
export function children(node: FeelNode): FeelNode[] {
  const found: FeelNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (!child.type.isSkipped) found.push(child);
  }
  return found;
}

/** The value of a literal, or undefined for everything else. */
export function literalOf(node: FeelNode, text: string): string | FeelNumber | boolean | null | undefined {
  const source = text.slice(node.from, node.to);
  switch (node.name) {
    case 'StringLiteral':
      return stringOf(source);
    case 'NumericLiteral':
      return parseNumber(source.replaceAll(/\s/g, '')) ?? undefined;
    case 'BooleanLiteral':
      return source === 'true';
    case 'null':
      return null;
    default:
      return undefined;
  }
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\' };

/** `"a\"b\u4e07"`; \U and six digits stand for characters beyond four. */
function stringOf(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(
      /\\(?:([nrt"'\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6}))/g,
      (_all, plain: string | undefined, four: string | undefined, six: string | undefined) => {
        if (plain !== undefined) return escapes[plain]!;
        const code = Number.parseInt((four ?? six)!, 16);
        // two escapes of four digits may make one character together
        return four !== undefined
          ? String.fromCharCode(code)
          : code > 0x10ffff
            ? ''
            : String.fromCodePoint(code);
      },
    );
}

/** A name as the text writes it, its blanks made one: `Reported   at`. */
export function nameOf(node: FeelNode, text: string): string {
  return text.slice(node.from, node.to).replaceAll('`', '').trim().replaceAll(/\s+/g, ' ');
}

/** For names with operators inside (`a - b`, `a-b`), which may be written with blanks or without. */
export function normalized(name: string): string {
  return name
    .replaceAll(/\s*([./\-'+*])\s*/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
