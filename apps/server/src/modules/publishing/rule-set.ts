import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * 规则集: all rules of a city as files in the layout of `config/`, by path. The texts are what counts: they are
 * kept and given out byte by byte as they came in.
 */
export type RuleSet = ReadonlyMap<string, string>;

/** What a file of the set holds. `csv`: one of the catalogue's tables. */
export const FILE_KINDS = [
  'process',
  'decision',
  'form',
  'phrase',
  'calendar',
  'numbering',
  'table',
  'setting',
] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export interface RulePlace {
  readonly kind: FileKind;
  /** Of the rule (file name without its ending), of the table, or `setting`. */
  readonly code: string;
}

const FOLDERS: Readonly<Record<string, readonly [kind: FileKind, ending: string]>> = {
  process: ['process', '.bpmn'],
  decision: ['decision', '.dmn'],
  form: ['form', '.schema.json'],
  phrase: ['phrase', '.json'],
  calendar: ['calendar', '.json'],
  numbering: ['numbering', '.json'],
  catalog: ['table', '.csv'],
};

const SETTING_FILE = 'setting.json';
const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;

/** What a path means in a rule set; null where it means nothing. */
export function placeOf(file: string): RulePlace | null {
  if (file === SETTING_FILE) return { kind: 'setting', code: 'setting' };
  const [folder, name, ...rest] = file.split('/');
  if (!folder || !name || rest.length > 0 || !Object.hasOwn(FOLDERS, folder)) return null;
  const [kind, ending] = FOLDERS[folder]!;
  const code = name.endsWith(ending) ? name.slice(0, -ending.length) : '';
  return CODE.test(code) ? { kind, code } : null;
}

const folderOf = new Map(
  Object.entries(FOLDERS).map(([folder, [kind, ending]]) => [kind, { folder, ending }]),
);

/** The path of a rule. */
export function pathOf(kind: FileKind, code: string): string {
  const known = folderOf.get(kind);
  return known ? `${known.folder}/${code}${known.ending}` : SETTING_FILE;
}

/** The set in the order of its paths, as archives and hashes have it. */
export function sorted(files: Iterable<readonly [string, string]>): RuleSet {
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The files of one kind, by code. */
export function filesOf(files: RuleSet, kind: FileKind): { path: string; code: string; text: string }[] {
  return [...files].flatMap(([file, text]) => {
    const place = placeOf(file);
    return place?.kind === kind ? [{ path: file, code: place.code, text }] : [];
  });
}

/** SHA-256 over paths and texts: the same set has the same hash, however it was packed. */
export function hashOfSet(files: RuleSet): string {
  const hash = createHash('sha256');
  for (const [file, text] of sorted(files)) hash.update(`${file}\0${hashOfText(text)}\n`);
  return hash.digest('hex');
}

export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A rule file that is not UTF-8, or a folder that is none. The message is for the operator. */
export class RuleSetError extends Error {
  readonly file: string;

  constructor(file: string, message: string) {
    super(`${file}: ${message}`);
    this.name = 'RuleSetError';
    this.file = file;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws RuleSetError where the bytes are not UTF-8 */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RuleSetError(file, 'is not UTF-8');
  }
}

/**
 * Reads the rules in a folder. Notes (`*.md`) are left out, and so are folders that hold no rules; a file that
 * means nothing inside a rules' folder is kept, so that the check names it.
 */
export async function readRuleFolder(root: string): Promise<RuleSet> {
  const found: [string, string][] = [];
  const take = async (file: string): Promise<void> => {
    found.push([file, decodeText(file, await readFile(path.join(root, file)))]);
  };
  const entries = await readdir(root).catch(() => {
    throw new RuleSetError(root, 'is no folder that can be read');
  });
  for (const name of entries) {
    if (name === SETTING_FILE) await take(name);
    if (!Object.hasOwn(FOLDERS, name) || !(await stat(path.join(root, name))).isDirectory()) continue;
    for (const entry of await readdir(path.join(root, name), { withFileTypes: true })) {
      if (entry.isFile() && !isNote(entry.name)) await take(`${name}/${entry.name}`);
    }
  }
  return sorted(found);
}

/** Readme files and what file managers leave behind. */
export function isNote(name: string): boolean {
  return name.endsWith('.md') || name.startsWith('.');
}

/** A city's own files over those of a base; a file of no characters takes the base's away. */
export function overlay(base: RuleSet, own: RuleSet): RuleSet {
  const files = new Map([...base, ...own]);
  for (const [file, text] of own) if (text === '') files.delete(file);
  return sorted(files);
}
