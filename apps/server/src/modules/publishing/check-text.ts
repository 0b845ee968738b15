import type { Findings } from './findings.ts';
import type { Report } from './report.ts';
import { placeOf, type RuleSet } from './rule-set.ts';

/** What is wrong with a file as a text, whatever it means: its encoding, and names that stand in it twice. */
export async function checkTexts(files: RuleSet, findings: Findings, report: Report): Promise<void> {
  for (const [file, text] of files) {
    await findings.of(report, ['text', file, text], (own) => checkText(file, text, own));
  }
}

function checkText(file: string, text: string, report: Report): void {
  if (text.startsWith('\uFEFF')) report.warn(file, 1, 'file.bom', 'UTF-8 without BOM');
  const broken = text.indexOf('\uFFFD');
  if (broken >= 0) report.add(file, lineOf(text, broken), 'file.encoding', 'not written as UTF-8');
  const kind = placeOf(file)?.kind;
  if (kind === 'process' || kind === 'decision') checkIds(file, text, report);
  else if (kind !== undefined && kind !== 'table') checkKeys(file, text, report);
}

export const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;

/** Elements are known by their ids: of two with one id nobody can say which is meant. */
function checkIds(file: string, text: string, report: Report): void {
  const seen = new Set<string>();
  const told = new Set<string>();
  const bare = text.replaceAll(/<!--[\s\S]*?-->/g, '');
  for (const [, id] of bare.matchAll(/<[^<>]*?\sid\s*=\s*["']([^"'<>]+)["']/g)) {
    if (seen.has(id!) && !told.has(id!)) {
      report.add(file, id!, 'xml.idTwice', id);
      told.add(id!);
    }
    seen.add(id!);
  }
  // The reader of XML says that it did not find it, but not who asked
  for (const [tag] of bare.matchAll(/<[^<>]+>/g)) {
    for (const [, of, to] of tag.matchAll(REFERENCE)) {
      if (seen.has(to!)) continue;
      report.add(file, ID.exec(tag)?.[1] ?? to!, 'xml.unresolved', `${of}: ${to}`);
    }
  }
}

const ID = /\sid\s*=\s*["']([^"']+)["']/;
const REFERENCE = /\s(sourceRef|targetRef|attachedToRef|default|href)\s*=\s*["']#?([\w.-]+)["']/g;

/** A key that stands twice in one object: the program reads the last, people the first. */
function checkKeys(file: string, text: string, report: Report): void {
  try {
    JSON.parse(text);
  } catch {
    return; // told elsewhere
  }
  const open: { keys: Set<string> | null; key: string; index: number }[] = [];
  const path = (): string =>
    open
      .map(({ keys, key, index }) => `/${keys ? key.replaceAll('~', '~0').replaceAll('/', '~1') : index}`)
      .join('');
  for (const [token, quoted] of text.matchAll(/("(?:[^"\\]|\\.)*")|[{}[\],:]/g)) {
    const top = open.at(-1);
    if (token === '{' || token === '[')
      open.push({ keys: token === '{' ? new Set() : null, key: '', index: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && top && !top.keys) top.index += 1;
    else if (token === ',' && top) top.key = '';
    else if (token === ':' && top?.keys) {
      if (top.keys.has(top.key)) report.add(file, path(), 'json.keyTwice', top.key);
      top.keys.add(top.key);
      open[open.length - 1] = { ...top, index: 1 };
    } else if (quoted && top?.keys && top.index === 0) top.key = JSON.parse(quoted) as string;
    if (token === ',' && top?.keys) top.index = 0;
  }
}
