import { BpmnModdle, type ModdleElement } from 'bpmn-moddle';
import { Kinds } from './drawing-kinds.ts';
import { lineOf, type Problem, ProcessError, refuse } from './errors.ts';
import { wmPackage } from './extension.ts';
import { readDrawing } from './read-drawing.ts';

export type { ModdleElement } from 'bpmn-moddle';

// The metamodel is built once: it is the half of a small drawing's reading time.
let metamodel: { readonly moddle: BpmnModdle; readonly kinds: Kinds } | undefined;

function theMetamodel(): NonNullable<typeof metamodel> {
  if (!metamodel) {
    const moddle = new BpmnModdle({ wm: wmPackage });
    metamodel = { moddle, kinds: new Kinds(moddle) };
  }
  return metamodel;
}

/**
 * Reads what a drawing says; whatever moddle cannot make sense of is a refusal, not a warning. Where its shapes stand is
 * no part of that, and two thirds of the reading: `checkPicture` reads it.
 */
export async function readBpmn(xml: string): Promise<ModdleElement> {
  refuseOversize(xml);
  const drawn = withoutPicture(xml);
  return readDrawing(drawn, theMetamodel().kinds) ?? readByModdle(drawn);
}

/** What is wrong with the picture of a drawing: shapes of elements that there are not, and the like. */
export async function checkPicture(xml: string): Promise<readonly Problem[]> {
  try {
    refuseOversize(xml);
    await readByModdle(xml);
    return [];
  } catch (error) {
    if (error instanceof ProcessError) return error.problems;
    throw error;
  }
}

/** Characters; the largest drawing that is shipped has 130,000. */
const LARGEST = 4_000_000;

/** What is no drawing that anybody drew would take the program's time; a document type has no place in one. */
function refuseOversize(xml: string): void {
  if (xml.length > LARGEST) refuse('process.tooLarge', { detail: `${xml.length} characters` });
  if (/<!DOCTYPE/i.test(xml)) refuse('process.xml', { detail: 'DOCTYPE' });
}

const END = /<\/([\w.-]+:)?BPMNDiagram\s*>\s*<\/[\w.:-]+>\s*$/;
const CLOSED = /^\s*<\/[\w.:-]+>\s*$/;

/** Pictures only where the standard has them, last in their document: whatever else stands among them is read. */
function withoutPicture(xml: string): string {
  const found = END.exec(xml.slice(-300));
  if (!found) return xml;
  const open = `<${found[1] ?? ''}BPMNDiagram`;
  const close = `</${open.slice(1)}`;
  const begin = xml.indexOf(open);
  for (let at = begin; at >= 0;) {
    const closed = xml.indexOf(close, at);
    const next = xml.indexOf(open, at + 1);
    const end = xml.indexOf('>', closed) + 1;
    // one inside another, or in a comment
    if (closed < 0 || end === 0 || (next >= 0 && next < closed)) return xml;
    if (next < 0) return CLOSED.test(xml.slice(end)) ? xml.slice(0, begin) + xml.slice(end) : xml;
    if (xml.slice(end, next).trim() !== '') return xml;
    at = next;
  }
  return xml;
}

/** As moddle reads it, by which every other way of reading is judged. */
export async function readByModdle(xml: string): Promise<ModdleElement> {
  let found;
  try {
    found = await theMetamodel().moddle.fromXML(xml);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    refuse('process.xml', { detail, ...lineOf(detail) });
  }
  if (found.warnings.length > 0) {
    throw new ProcessError(
      'process.xml',
      found.warnings.map(({ message, element }): Problem => {
        const id = element?.id;
        const at = typeof id === 'string' ? { element: id } : lineOf(message);
        return { code: 'process.xml', detail: message, ...at };
      }),
    );
  }
  return found.rootElement;
}

export function text(element: ModdleElement, property: string): string | undefined {
  const value = element.get(property);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

export function flag(element: ModdleElement, property: string): boolean {
  return element.get(property) === true;
}

export function ref(element: ModdleElement, property: string): ModdleElement | undefined {
  return (element.get(property) ?? undefined) as ModdleElement | undefined;
}

export function list(element: ModdleElement, property: string): readonly ModdleElement[] {
  return (element.get(property) ?? []) as readonly ModdleElement[];
}
