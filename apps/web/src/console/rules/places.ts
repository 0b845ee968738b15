/** What a path of the rule set holds, and where it stands in the list of files. */
export const GROUPS = [
  'catalog',
  'duty',
  'process',
  'decision',
  'form',
  'calendar',
  'phrase',
  'numbering',
  'setting',
  'other',
] as const;
export type Group = (typeof GROUPS)[number];

export interface Place {
  readonly group: Group;
  /** Of the rule: the file's name without its ending. */
  readonly code: string;
  readonly format: 'table' | 'bpmn' | 'dmn' | 'json' | 'text';
}

const FOLDERS: Readonly<Record<string, readonly [Group, string, Place['format']]>> = {
  catalog: ['catalog', '.csv', 'table'],
  process: ['process', '.bpmn', 'bpmn'],
  decision: ['decision', '.dmn', 'dmn'],
  form: ['form', '.schema.json', 'json'],
  phrase: ['phrase', '.json', 'json'],
  calendar: ['calendar', '.json', 'json'],
  numbering: ['numbering', '.json', 'json'],
};

/** Tables that say who does what, not what there is. */
const DUTY_TABLES = ['manual', 'department', 'control', 'stage_limit'];

export function placeOf(path: string): Place {
  if (path === 'setting.json') return { group: 'setting', code: 'setting', format: 'json' };
  const [folder = '', name = ''] = path.split('/');
  const known = Object.hasOwn(FOLDERS, folder) ? FOLDERS[folder] : undefined;
  if (!known || !name.endsWith(known[1])) return { group: 'other', code: path, format: 'text' };
  const code = name.slice(0, -known[1].length);
  return {
    group: DUTY_TABLES.includes(code) && folder === 'catalog' ? 'duty' : known[0],
    code,
    format: known[2],
  };
}

/** The path of a new file of a group; null where the group has one file or its tables are fixed. */
export function pathIn(group: Group, code: string): string | null {
  const folder = Object.entries(FOLDERS).find(([, [of]]) => of === group);
  if (!folder || group === 'catalog') return null;
  return `${folder[0]}/${code}${folder[1][1]}`;
}
