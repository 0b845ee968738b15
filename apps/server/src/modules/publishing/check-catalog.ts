import type { Report } from './report.ts';
import { pathOf } from './rule-set.ts';
import type { Line, TableName, Tables } from './tables.ts';

/** What the tables may name that is not in the set: units of the city, calendars. */
export interface Known {
  readonly calendars: ReadonlySet<string>;
  /** Codes of units that the city has besides those in department.csv. */
  readonly units: ReadonlySet<string>;
  /** Codes of regions; null: not known here, every code is taken. */
  readonly regions: ReadonlySet<string> | null;
  /** What units answered for that have ended: who took over may answer for something else. */
  readonly formerDuties: ReadonlySet<string>;
}

const fileOf = (table: TableName): string => pathOf('table', table);
/** A limit of more units than this is a slip of the pen, whatever the unit. */
const LONGEST = 5000;
const categoryKey = (row: { scheme: string; kind: string; category: string }): string =>
  `${row.scheme} ${row.kind}:${row.category}`;

/** The catalogue's tables, each in itself and all together. */
export function checkCatalog(tables: Tables, known: Known, report: Report): void {
  checkSchemes(tables, report);
  checkCategories(tables, report);
  checkConditions(tables, known, report);
  checkChains(tables.condition, report);
  checkDepartments(tables, known, report);
  checkManual(tables, known, report);
  checkSourceGroups(tables, report);
  checkLimits(tables, known, report);
  checkControls(tables, known, report);
  checkCentres(tables, known, report);
}

function twice<N extends TableName>(
  rows: readonly Line<N>[],
  table: N,
  keyOf: (row: Line<N>) => string,
  report: Report,
  code = 'code.twice',
): void {
  const first = new Map<string, number>();
  for (const row of rows) {
    const key = keyOf(row);
    const line = first.get(key);
    if (line === undefined) first.set(key, row.line);
    else report.add(fileOf(table), row.line, code, `${key}, as in line ${line}`);
  }
}

function checkSchemes({ scheme }: Tables, report: Report): void {
  const file = fileOf('scheme');
  twice(scheme, 'scheme', (row) => row.code, report);
  const active = scheme.filter((row) => row.active);
  if (scheme.length > 0 && active.length === 0) report.add(file, null, 'scheme.noneActive');
  for (const row of active.slice(1)) report.add(file, row.line, 'scheme.manyActive', row.code);
}

function checkCategories({ scheme, category, condition }: Tables, report: Report): void {
  const file = fileOf('category');
  const schemes = new Set(scheme.map((row) => row.code));
  const inUse = new Set(scheme.filter((row) => row.active).map((row) => row.code));
  const keyOf = (row: Line<'category'>, code = row.code): string => `${row.scheme} ${row.kind}:${code}`;
  const byKey = new Map(category.map((row) => [keyOf(row), row]));
  const withCondition = new Set(condition.map(categoryKey));
  twice(category, 'category', keyOf, report);
  for (const row of category) {
    if (!schemes.has(row.scheme)) report.add(file, `${row.line}/scheme`, 'scheme.unknown', row.scheme);
    if (!Number.isInteger(row.level) || row.level < 1 || row.level > 9) {
      report.add(file, `${row.line}/level`, 'category.level', String(row.level));
    }
    const parent = row.parent === null ? undefined : byKey.get(keyOf(row, row.parent));
    if (row.parent === null ? row.level !== 1 : parent && parent.level !== row.level - 1) {
      report.add(file, `${row.line}/level`, 'category.level', String(row.level));
    }
    if (row.parent !== null && !parent) {
      report.add(file, `${row.line}/parent`, 'category.unknownParent', row.parent);
    } else if (parent && !row.code.startsWith(parent.code)) {
      report.warn(file, `${row.line}/parent`, 'category.otherParent', row.parent!);
    } else if (parent && row.active && !parent.active) {
      report.add(file, `${row.line}/parent`, 'category.parentInactive', row.parent!);
    }
    if (inUse.has(row.scheme) && row.active && row.level === 2 && !withCondition.has(keyOf(row))) {
      report.warn(file, row.line, 'category.noCondition', keyOf(row));
    }
  }
}

function checkConditions(
  { scheme, category, condition, department }: Tables,
  known: Known,
  report: Report,
): void {
  const file = fileOf('condition');
  const schemes = new Set(scheme.map((row) => row.code));
  const categories = new Map(category.map((row) => [`${row.scheme} ${row.kind}:${row.code}`, row]));
  const codes = new Map(condition.map((row) => [row.code, row]));
  const duties = new Set(department.flatMap((row) => row.department_kind ?? []));
  twice(condition, 'condition', (row) => row.code, report);
  const defaults = new Map<string, number>();
  for (const row of condition) {
    if (!schemes.has(row.scheme)) report.add(file, `${row.line}/scheme`, 'scheme.unknown', row.scheme);
    const key = categoryKey(row);
    const owner = categories.get(key);
    if (!owner) report.add(file, `${row.line}/category`, 'category.unknown', key);
    else if (!owner.active) report.add(file, `${row.line}/category`, 'category.inactive', key);
    else if (owner.level !== 2) report.add(file, `${row.line}/category`, 'condition.notSmallClass', key);
    if (row.limit_value <= 0) report.add(file, `${row.line}/limit_value`, 'limit.notPositive');
    else if (row.limit_value > LONGEST) report.add(file, `${row.line}/limit_value`, 'limit.tooLong');
    checkGrades(row, report);
    if (row.next_condition !== null && !codes.has(row.next_condition)) {
      report.add(file, `${row.line}/next_condition`, 'condition.unknown', row.next_condition);
    }
    if (row.department_kind !== null && duties.size > 0 && !duties.has(row.department_kind)) {
      const place = `${row.line}/department_kind`;
      if (known.formerDuties.has(row.department_kind)) {
        report.warn(file, place, 'department.formerDuty', row.department_kind);
      } else report.add(file, place, 'department.unknownDuty', row.department_kind);
    }
    if (!row.default_of_category) continue;
    const first = defaults.get(key);
    if (first === undefined) defaults.set(key, row.line);
    else report.add(file, row.line, 'condition.manyDefaults', `${key}, as in line ${first}`);
  }
  const seen = new Set<string>();
  for (const row of condition) {
    const key = categoryKey(row);
    if (!defaults.has(key) && !seen.has(key)) report.add(file, row.line, 'condition.noDefault', key);
    seen.add(key);
  }
}

function checkGrades(row: Line<'condition'>, report: Report): void {
  const file = fileOf('condition');
  const grades = [row.limit_a, row.limit_b, row.limit_c];
  const given = grades.filter((value) => value !== null);
  if (given.length > 0 && given.length < 3) report.add(file, `${row.line}/limit_a`, 'limit.someGrades');
  if (given.some((value) => value <= 0)) report.add(file, `${row.line}/limit_a`, 'limit.notPositive');
  // The best area has the shortest limit (A before B before C)
  if (given.length === 3 && (given[0]! > given[1]! || given[1]! > given[2]!)) {
    report.warn(file, `${row.line}/limit_a`, 'limit.gradeOrder', given.join(', '));
  }
}

/** Closing one condition files the next: a ring of them would never end. */
function checkChains(conditions: readonly Line<'condition'>[], report: Report): void {
  const byCode = new Map(conditions.map((row) => [row.code, row]));
  const reported = new Set<string>();
  for (const row of conditions) {
    const chain = [row.code];
    let at = byCode.get(row.next_condition ?? '');
    while (at && !chain.includes(at.code)) {
      chain.push(at.code);
      at = byCode.get(at.next_condition ?? '');
    }
    if (!at || at.code !== row.code || reported.has(row.code)) continue;
    for (const code of chain) reported.add(code);
    report.add(fileOf('condition'), `${row.line}/next_condition`, 'condition.cycle', chain.join(' > '));
  }
}

function checkDepartments({ department }: Tables, known: Known, report: Report): void {
  const file = fileOf('department');
  const byCode = new Map(department.map((row) => [row.code, row]));
  twice(department, 'department', (row) => row.code, report);
  for (const row of department) {
    if (row.parent !== null && !byCode.has(row.parent) && !known.units.has(row.parent)) {
      report.add(file, `${row.line}/parent`, 'department.unknown', row.parent);
    }
    if (row.calendar !== null && !known.calendars.has(row.calendar)) {
      report.add(file, `${row.line}/calendar`, 'calendar.unknown', row.calendar);
    }
    if (row.kind === 'crew' && isAlone(row, byCode)) {
      report.add(file, `${row.line}/parent`, 'department.crewAlone', row.parent ?? row.code);
    }
    const above = new Set<string>();
    for (let at = byCode.get(row.parent ?? ''); at && !above.has(at.code); at = byCode.get(at.parent ?? '')) {
      above.add(at.code);
    }
    if (above.has(row.code)) report.add(file, `${row.line}/parent`, 'department.cycle', row.code);
    if (row.kind === 'department' && row.calendar === null && !inherits(row, byCode)) {
      report.warn(file, `${row.line}/calendar`, 'department.noCalendar', row.code);
    }
  }
}

/** A crew is given work by its department, and by nobody else. */
function isAlone({ parent }: Line<'department'>, byCode: ReadonlyMap<string, Line<'department'>>): boolean {
  return parent === null || (byCode.get(parent)?.kind ?? 'department') !== 'department';
}

function inherits(
  row: Line<'department'>,
  byCode: ReadonlyMap<string, Line<'department'>>,
  depth = 10,
): boolean {
  const parent = byCode.get(row.parent ?? '');
  return (
    depth > 0 && parent !== undefined && (parent.calendar !== null || inherits(parent, byCode, depth - 1))
  );
}

const CENTRES: ReadonlySet<string> = new Set(['supervisionCentre', 'commandCentre', 'enforcementCentre']);

/** Somebody accepts, files and dispatches, and somebody verifies. What the city has besides may be that. */
function checkCentres({ department }: Tables, known: Known, report: Report): void {
  if (department.length === 0 || known.units.size > 0) return;
  const kinds = new Set<string>(department.map((row) => row.kind));
  if (![...kinds].some((kind) => CENTRES.has(kind))) {
    report.add(fileOf('department'), null, 'department.noCentre', [...CENTRES].join(', '));
  }
  if (!kinds.has('patrolTeam')) report.add(fileOf('department'), null, 'department.noPatrolTeam');
}

function checkManual(tables: Tables, known: Known, report: Report): void {
  const file = fileOf('manual');
  const { scheme, category, condition, department, manual } = tables;
  const schemes = new Set(scheme.map((row) => row.code));
  const inUse = scheme.find((row) => row.active)?.code;
  const categories = new Set(category.map((row) => `${row.scheme} ${row.kind}:${row.code}`));
  const conditions = new Map(condition.map((row) => [row.code, row]));
  const withCondition = new Set(condition.map(categoryKey));
  const units = new Map(department.map((row) => [row.code, row.kind]));
  const isUnit = (code: string): boolean => units.has(code) || known.units.has(code);
  twice(
    manual,
    'manual',
    (row) => `${categoryKey(row)} ${row.condition ?? '*'} ${area(row) ?? '*'} ${row.owner ?? '*'}`,
    report,
    'manual.twice',
  );
  const covered = new Set<string>();
  for (const row of manual) {
    const key = categoryKey(row);
    if (!schemes.has(row.scheme)) report.add(file, `${row.line}/scheme`, 'scheme.unknown', row.scheme);
    if (!categories.has(key)) report.add(file, `${row.line}/category`, 'category.unknown', key);
    if (row.condition === null) {
      if (!withCondition.has(key)) report.add(file, row.line, 'manual.noCondition', key);
      covered.add(key);
    } else {
      const named = conditions.get(row.condition);
      if (!named) report.add(file, `${row.line}/condition`, 'condition.unknown', row.condition);
      else if (categoryKey(named) !== key) {
        report.add(file, `${row.line}/condition`, 'manual.otherCategory', row.condition);
      }
      covered.add(row.condition);
    }
    const place = area(row);
    if (place !== null && known.regions && !known.regions.has(place)) {
      report.add(file, `${row.line}/area`, 'area.unknown', place);
    }
    if (row.owner !== null && !isUnit(row.owner)) {
      report.add(file, `${row.line}/owner`, 'department.unknown', row.owner);
    }
    if (!isUnit(row.department)) {
      report.add(file, `${row.line}/department`, 'department.unknown', row.department);
    } else if ((units.get(row.department) ?? 'department') !== 'department') {
      report.add(file, `${row.line}/department`, 'manual.notDepartment', row.department);
    }
  }
  for (const row of condition) {
    if (row.scheme !== inUse || covered.has(row.code) || covered.has(categoryKey(row))) continue;
    report.warn(fileOf('condition'), row.line, 'manual.missing', row.code);
  }
}

const area = (row: Line<'manual'>): string | null => (row.area === 'any' ? null : row.area);

/** Sources of one group are shown under one name. */
function checkSourceGroups({ source }: Tables, report: Report): void {
  const file = fileOf('source');
  twice(source, 'source', (row) => row.code, report);
  const first = new Map<string, Line<'source'>>();
  for (const row of source) {
    if (row.group === null) continue;
    const { group_zh: zh, group_en: en, line } = first.get(row.group) ?? row;
    if (!first.has(row.group)) first.set(row.group, row);
    if (row.group_zh !== zh)
      report.warn(file, `${row.line}/group_zh`, 'source.groupNames', `line ${line}: ${zh}`);
    if (row.group_en !== en)
      report.warn(file, `${row.line}/group_en`, 'source.groupNames', `line ${line}: ${en}`);
  }
}

function checkLimits({ stage_limit: limits }: Tables, known: Known, report: Report): void {
  const file = fileOf('stage_limit');
  twice(limits, 'stage_limit', (row) => row.step, report);
  for (const row of limits) {
    if (row.value <= 0) report.add(file, `${row.line}/value`, 'limit.notPositive');
    else if (row.value > LONGEST) report.add(file, `${row.line}/value`, 'limit.tooLong');
    if (!known.calendars.has(row.calendar)) {
      report.add(file, `${row.line}/calendar`, 'calendar.unknown', row.calendar);
    }
  }
}

/** 采集控制: where and when a category is not collected, or is checked in the hours of its find. */
function checkControls({ category, control }: Tables, known: Known, report: Report): void {
  const file = fileOf('control');
  const categories = new Set(category.map((row) => `${row.scheme} ${row.kind}:${row.code}`));
  twice(
    control,
    'control',
    (row) => [row.code, row.category_kind, row.category, row.valid_from].join(' '),
    report,
  );
  for (const row of control) {
    const named = [row.scheme, row.category_kind, row.category];
    const key = `${row.scheme} ${row.category_kind}:${row.category}`;
    if (named.some((part) => part !== null) && !categories.has(key)) {
      report.add(file, `${row.line}/category`, 'category.unknown', key);
    }
    if (row.region !== null && known.regions && !known.regions.has(row.region)) {
      report.add(file, `${row.line}/region`, 'area.unknown', row.region);
    }
    if ((row.from_time === null) !== (row.to_time === null)) {
      report.add(file, `${row.line}/to_time`, 'control.halfHours');
    }
    if (row.kind === 'noCollectHours' && row.from_time === null) {
      report.add(file, `${row.line}/from_time`, 'control.noHours', row.kind);
    }
    if (row.kind === 'noCollect' && row.region === null && row.geometry === null) {
      report.add(file, `${row.line}/region`, 'control.noArea', row.code);
    }
    if (row.from_time !== null && row.from_time === row.to_time) {
      report.add(file, `${row.line}/to_time`, 'control.noTime', row.to_time);
    }
    if (row.kind === 'noCollect' && row.from_time !== null) {
      report.add(file, `${row.line}/from_time`, 'control.zoneHours', row.kind);
    }
    if (row.weekdays !== null && row.from_time === null) {
      report.add(file, `${row.line}/weekdays`, 'control.noHours', row.weekdays);
    }
    if (row.valid_from !== null && row.valid_to !== null && row.valid_to <= row.valid_from) {
      report.add(file, `${row.line}/valid_to`, 'control.period');
    }
  }
}
