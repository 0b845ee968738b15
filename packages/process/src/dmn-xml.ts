import { BpmnModdle, type ModdleElement } from 'bpmn-moddle';
import { lineOf, refuse } from './errors.ts';

/** An element of a DMN file; names are without prefix. */
export interface DmnElement {
  readonly name: string;
  readonly id?: string;
  readonly text: string;
  readonly children: readonly DmnElement[];
  attribute(name: string): string | undefined;
}

// moddle keeps elements of namespaces that it does not know as they are. So it reads all versions of DMN
// (their namespaces differ, what we use of them does not) from inside one element that it does know.
const wrapper = {
  name: 'Wrapper',
  prefix: 'wrapper',
  uri: 'urn:wanmi:wrapper',
  xml: { tagAlias: 'lowerCase' },
  types: [{ name: 'Content', properties: [{ name: 'elements', type: 'Element', isMany: true }] }],
};

/** Reads a DMN file of any version into plain elements. */
export async function readDmn(xml: string): Promise<DmnElement> {
  const root = await readXml(xml);
  if (root.name !== 'definitions') refuse('decision.xml', { detail: 'not a DMN file' });
  return root;
}

/** Characters; a table of ten thousand rules has three million. */
const LARGEST = 8_000_000;
/** Of elements in elements. */
const DEEPEST = 200;

/** Reads any XML document. */
export async function readXml(xml: string): Promise<DmnElement> {
  if (xml.length > LARGEST) refuse('decision.tooLarge', { detail: `${xml.length} characters` });
  const body = xml.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '');
  if (/<!DOCTYPE/i.test(body)) refuse('decision.xml', { detail: 'DOCTYPE' });
  let read;
  try {
    read = await new BpmnModdle({ wrapper }).fromXML(
      `<wrapper:content xmlns:wrapper="${wrapper.uri}">${body}</wrapper:content>`,
      'wrapper:Content',
    );
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    refuse('decision.xml', { detail, ...lineOf(detail) });
  }
  const [warning] = read.warnings;
  if (warning) refuse('decision.xml', { detail: warning.message, ...lineOf(warning.message) });
  const roots = (read.rootElement.get('elements') ?? []) as readonly GenericElement[];
  const [root] = roots;
  if (roots.length !== 1 || !root) refuse('decision.xml', { detail: 'no root element' });
  return plain(root);
}

type GenericElement = ModdleElement & {
  readonly $body?: string;
  readonly $children?: readonly GenericElement[];
  readonly [attribute: string]: unknown;
};

function plain(element: GenericElement, depth = 0): DmnElement {
  if (depth > DEEPEST) refuse('decision.tooDeep', { detail: `${DEEPEST}` });
  return {
    name: element.$type.replace(/^.*:/, ''),
    ...(typeof element.id === 'string' && { id: element.id }),
    text: (element.$body ?? '').trim(),
    children: (element.$children ?? []).map((child) => plain(child, depth + 1)),
    attribute: (name) => {
      const value = element[name];
      return typeof value === 'string' ? value : undefined;
    },
  };
}

export function childrenNamed(element: DmnElement, name: string): readonly DmnElement[] {
  return element.children.filter((child) => child.name === name);
}

export function childNamed(element: DmnElement, name: string): DmnElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** The `<text>` of an entry or expression. */
export function textOf(element: DmnElement | undefined): string {
  return (element && childNamed(element, 'text')?.text) ?? '';
}
