import {
  allOf,
  attributeChange,
  attributeOf,
  childInsertion,
  childOf,
  childrenOf,
  contentChange,
  escapeXml,
  readXml,
  removal,
  splice,
  textOf,
  type Splice,
  type XmlElement,
} from './xml.ts';

/** A column of a decision table. `expression` of an input is what it asks; an output is called `name`. */
export interface DecisionColumn {
  readonly element: XmlElement;
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly values: string;
  readonly fallback: string;
}

export interface DecisionRule {
  readonly element: XmlElement;
  readonly id: string;
  /** Input entries, then output entries, then annotations: in the order of the columns. */
  readonly entries: readonly (XmlElement | undefined)[];
  readonly texts: readonly string[];
}

export interface DecisionGrid {
  readonly element: XmlElement;
  readonly id: string;
  readonly decision: string;
  readonly policy: string;
  readonly aggregation: string;
  readonly inputs: readonly DecisionColumn[];
  readonly outputs: readonly DecisionColumn[];
  readonly annotations: readonly string[];
  readonly rules: readonly DecisionRule[];
}

export const POLICIES = [
  'UNIQUE',
  'FIRST',
  'ANY',
  'PRIORITY',
  'COLLECT',
  'RULE ORDER',
  'OUTPUT ORDER',
] as const;
export const AGGREGATIONS = ['SUM', 'MIN', 'MAX', 'COUNT'] as const;

/** The decision tables of a file; null: no XML. */
export function readDecisions(text: string): readonly DecisionGrid[] | null {
  const root = readXml(text);
  if (root?.local !== 'definitions') return null;
  return [...allOf(root)].filter((one) => one.local === 'decisionTable').map((one) => readGrid(text, one));
}

function readGrid(text: string, element: XmlElement): DecisionGrid {
  const inputs = childrenOf(element, 'input').map((input): DecisionColumn => {
    const expression = childOf(input, 'inputExpression');
    return {
      element: input,
      id: attributeOf(input, 'id') ?? '',
      label: attributeOf(input, 'label') ?? '',
      name: inner(text, expression),
      type: (expression && attributeOf(expression, 'typeRef')) ?? '',
      values: inner(text, childOf(input, 'inputValues')),
      fallback: '',
    };
  });
  const outputs = childrenOf(element, 'output').map((output): DecisionColumn => ({
    element: output,
    id: attributeOf(output, 'id') ?? '',
    label: attributeOf(output, 'label') ?? '',
    name: attributeOf(output, 'name') ?? '',
    type: attributeOf(output, 'typeRef') ?? '',
    values: inner(text, childOf(output, 'outputValues')),
    fallback: inner(text, childOf(output, 'defaultOutputEntry')),
  }));
  const annotations = childrenOf(element, 'annotation').map((one) => attributeOf(one, 'name') ?? '');
  const rules = childrenOf(element, 'rule').map((rule, index): DecisionRule => {
    const fill = (of: string, n: number) =>
      Array.from({ length: n }, (_, at) => childrenOf(rule, of)[at] as XmlElement | undefined);
    const entries = [
      ...fill('inputEntry', inputs.length),
      ...fill('outputEntry', outputs.length),
      ...fill('annotationEntry', annotations.length),
    ];
    return {
      element: rule,
      id: attributeOf(rule, 'id') ?? `${index + 1}`,
      entries,
      texts: entries.map((entry) => inner(text, entry)),
    };
  });
  const decision = owner(element);
  return {
    element,
    id: attributeOf(element, 'id') ?? '',
    decision: (decision && (attributeOf(decision, 'label') ?? attributeOf(decision, 'name'))) ?? '',
    policy: attributeOf(element, 'hitPolicy') ?? 'UNIQUE',
    aggregation: attributeOf(element, 'aggregation') ?? '',
    inputs,
    outputs,
    annotations,
    rules,
  };
}

function owner(element: XmlElement): XmlElement | null {
  let now = element.parent;
  while (now && now.local !== 'decision' && now.local !== 'businessKnowledgeModel') now = now.parent;
  return now;
}

const inner = (text: string, holder: XmlElement | undefined): string =>
  holder ? textOf(text, childOf(holder, 'text')) : '';

/** Replaces the `<text>` of an entry, and nothing beside it. */
function textChange(text: string, holder: XmlElement, value: string): Splice {
  const own = childOf(holder, 'text');
  if (own) return contentChange(own, value);
  const name = `${prefixOf(holder)}text`;
  return childInsertion(text, holder, undefined, () => `<${name}>${escapeXml(value)}</${name}>`);
}

const prefixOf = (element: XmlElement): string =>
  element.name.slice(0, element.name.length - element.local.length);

export function setEntry(
  text: string,
  grid: DecisionGrid,
  rule: number,
  column: number,
  value: string,
): string {
  const of = grid.rules[rule];
  if (!of) return text;
  const entry = of.entries[column];
  if (entry) return splice(text, [textChange(text, entry, value)]);
  // A rule that lacks the entry gets it, with all before it of its kind.
  const kind = kindOf(grid, column);
  const siblings = childrenOf(of.element, kind.name);
  const after = siblings.at(-1) ?? (kind.name === 'inputEntry' ? undefined : of.element.children.at(-1));
  const missing = kind.index + 1 - siblings.length;
  const lines = (indent: string) =>
    Array.from({ length: missing }, (_, n) =>
      entryText(prefixOf(of.element), kind.name, '', indent, n === missing - 1 ? value : ''),
    ).join(`\n${indent}`);
  return splice(text, [childInsertion(text, of.element, after, lines)]);
}

function kindOf(grid: DecisionGrid, column: number): { name: string; index: number } {
  const { inputs, outputs } = grid;
  if (column < inputs.length) return { name: 'inputEntry', index: column };
  if (column < inputs.length + outputs.length) return { name: 'outputEntry', index: column - inputs.length };
  return { name: 'annotationEntry', index: column - inputs.length - outputs.length };
}

function entryText(prefix: string, name: string, id: string, indent: string, value: string): string {
  const own = id === '' ? '' : ` id="${id}"`;
  return `<${prefix}${name}${own}>\n${indent}  <${prefix}text>${escapeXml(value)}</${prefix}text>\n${indent}</${prefix}${name}>`;
}

/** A new rule behind another (-1: first), that accepts everything and says nothing yet; or a copy of one. */
export function addRule(text: string, grid: DecisionGrid, after: number, copyOf?: number): string {
  const id = freeId(text, grid);
  const prefix = prefixOf(grid.element);
  const texts = copyOf === undefined ? undefined : grid.rules[copyOf]?.texts;
  const count = grid.inputs.length + grid.outputs.length + grid.annotations.length;
  const rule = (indent: string): string => {
    const deeper = `${indent}  `;
    const entries = Array.from({ length: count }, (_, column) => {
      const { name, index } = kindOf(grid, column);
      const own =
        name === 'inputEntry'
          ? `${id}_in${index + 1}`
          : name === 'outputEntry'
            ? `${id}_out${index + 1}`
            : '';
      const value = texts?.[column] ?? (name === 'inputEntry' ? '-' : '');
      return deeper + entryText(prefix, name, own, deeper, value);
    });
    return `<${prefix}rule id="${id}">\n${entries.join('\n')}\n${indent}</${prefix}rule>`;
  };
  const before = grid.rules[after]?.element ?? lastHead(grid);
  return splice(text, [childInsertion(text, grid.element, before, rule)]);
}

/** What rules come behind: the last column or annotation. */
function lastHead(grid: DecisionGrid): XmlElement | undefined {
  return grid.element.children.filter((child) => child.local !== 'rule').at(-1);
}

function freeId(text: string, grid: DecisionGrid): string {
  const base = /^(.*?)_?\d+$/.exec(grid.rules.at(-1)?.id ?? '')?.[1] ?? grid.id.replace(/_table$/, '');
  let n = grid.rules.length + 1;
  while (text.includes(`"${base}_${n}"`) || text.includes(`'${base}_${n}'`)) n += 1;
  return `${base}_${n}`;
}

export function removeRule(text: string, grid: DecisionGrid, rule: number): string {
  const of = grid.rules[rule];
  return of ? splice(text, [removal(text, of.element)]) : text;
}

/** Two rules change places: their order decides in some tables. */
export function swapRules(text: string, grid: DecisionGrid, a: number, b: number): string {
  const [first, second] = [grid.rules[a]?.element, grid.rules[b]?.element];
  if (!first || !second || a === b) return text;
  return splice(text, [
    { start: first.start, end: first.end, text: text.slice(second.start, second.end) },
    { start: second.start, end: second.end, text: text.slice(first.start, first.end) },
  ]);
}

export function setPolicy(text: string, grid: DecisionGrid, policy: string, aggregation: string): string {
  const kept = policy === 'COLLECT' && aggregation !== '' ? aggregation : null;
  const changed = splice(text, attributeChange(text, grid.element, 'hitPolicy', policy));
  const again = readDecisions(changed)?.find((one) => one.element.start === grid.element.start);
  return again ? splice(changed, attributeChange(changed, again.element, 'aggregation', kept)) : changed;
}

export type ColumnPart = 'label' | 'name' | 'type' | 'values' | 'fallback';
export const TYPES = ['string', 'number', 'boolean', 'date', 'time', 'dateTime'] as const;

/** A further column behind those of its kind: it asks `name` and every rule accepts whatever that is; or it answers `name`. */
export function addColumn(text: string, grid: DecisionGrid, kind: 'input' | 'output', name: string): string {
  const prefix = prefixOf(grid.element);
  const heads = kind === 'input' ? grid.inputs : grid.outputs;
  const before = heads.at(-1)?.element ?? (kind === 'output' ? grid.inputs.at(-1)?.element : undefined);
  const id = freeColumnId(text, `${grid.id.replace(/_table$/, '')}_${kind === 'input' ? 'in' : 'out'}`);
  const head = (indent: string): string => {
    const deeper = `${indent}  `;
    if (kind === 'output') {
      return `<${prefix}output id="${id}" name="${escapeXml(name)}" label="${escapeXml(name)}" typeRef="string" />`;
    }
    const asks = entryText(prefix, 'inputExpression', `${id}_expr`, deeper, name).replace(
      '>',
      ' typeRef="string">',
    );
    return `<${prefix}input id="${id}" label="${escapeXml(name)}">\n${deeper}${asks}\n${indent}</${prefix}input>`;
  };
  const entries = grid.rules.map((rule) => {
    const own = childrenOf(rule.element, `${kind}Entry`);
    const after =
      own.at(-1) ?? (kind === 'output' ? childrenOf(rule.element, 'inputEntry').at(-1) : undefined);
    // A rule that lacks entries gets all of them, so that this one is not taken for an earlier one
    const missing = Math.max(1, heads.length + 1 - own.length);
    const value = kind === 'input' ? '-' : '""';
    return childInsertion(text, rule.element, after, (indent) =>
      Array.from({ length: missing }, () => entryText(prefix, `${kind}Entry`, '', indent, value)).join(
        `\n${indent}`,
      ),
    );
  });
  return splice(text, [childInsertion(text, grid.element, before, head), ...entries]);
}

function freeColumnId(text: string, base: string): string {
  let n = 1;
  while (text.includes(`"${base}_${n}"`) || text.includes(`'${base}_${n}'`)) n += 1;
  return `${base}_${n}`;
}

/** A table without inputs says one thing for ever, one without outputs nothing. */
export function mayRemove({ inputs, outputs }: DecisionGrid, place: number): boolean {
  return place < inputs.length
    ? inputs.length > 1
    : place < inputs.length + outputs.length && outputs.length > 1;
}

/** A column goes, with what each rule says in it. */
export function removeColumn(text: string, grid: DecisionGrid, place: number): string {
  const head = [...grid.inputs, ...grid.outputs][place];
  if (!head || !mayRemove(grid, place)) return text;
  const entries = grid.rules.flatMap(({ entries: own }) => own[place] ?? []);
  return splice(
    text,
    [head.element, ...entries].map((element) => removal(text, element)),
  );
}

/** Whether a column has a neighbour of its kind there, and every rule says something in both. */
export function mayMoveColumn({ inputs, outputs, rules }: DecisionGrid, place: number, by: -1 | 1): boolean {
  const to = place + by;
  const of = place < inputs.length ? [0, inputs.length] : [inputs.length, inputs.length + outputs.length];
  const within = (column: number) => column >= of[0]! && column < of[1]!;
  return within(place) && within(to) && rules.every(({ entries }) => entries[place] && entries[to]);
}

/** A column changes places with its neighbour, with what each rule says in it. */
export function moveColumn(text: string, grid: DecisionGrid, place: number, by: -1 | 1): string {
  if (!mayMoveColumn(grid, place, by)) return text;
  const heads = [...grid.inputs, ...grid.outputs].map((head) => head.element);
  const rows = [heads, ...grid.rules.map(({ entries }) => entries)];
  return splice(
    text,
    rows.flatMap((row) => {
      const [one, other] = [row[place]!, row[place + by]!];
      return [
        { start: one.start, end: one.end, text: text.slice(other.start, other.end) },
        { start: other.start, end: other.end, text: text.slice(one.start, one.end) },
      ];
    }),
  );
}

/** What a column asks, allows or answers. */
export function setColumn(text: string, column: DecisionColumn, what: ColumnPart, value: string): string {
  const { element } = column;
  const isInput = element.local === 'input';
  if (what === 'label') return splice(text, attributeChange(text, element, 'label', value || null));
  if (what === 'name' && !isInput) return splice(text, attributeChange(text, element, 'name', value));
  if (what === 'type') {
    const holder = isInput ? childOf(element, 'inputExpression') : element;
    return holder ? splice(text, attributeChange(text, holder, 'typeRef', value || null)) : text;
  }
  const name =
    what === 'name'
      ? 'inputExpression'
      : what === 'fallback'
        ? 'defaultOutputEntry'
        : isInput
          ? 'inputValues'
          : 'outputValues';
  const holder = childOf(element, name);
  if (holder && value === '' && what !== 'name') return splice(text, [removal(text, holder)]);
  if (holder) return splice(text, [textChange(text, holder, value)]);
  if (value === '') return text;
  const prefix = prefixOf(element);
  const after = what === 'fallback' ? childOf(element, 'outputValues') : childOf(element, 'inputExpression');
  return splice(text, [
    childInsertion(text, element, after, (indent) => entryText(prefix, name, '', indent, value)),
  ]);
}

/** Where a problem stands: the rule, and the column where it is known. */
export function placeIn(
  grid: DecisionGrid,
  element: string,
  detail: string,
): { rule: number; column: number | null } | null {
  for (const [rule, of] of grid.rules.entries()) {
    if (of.id === element) return { rule, column: columnNamed(grid, detail) };
    const found = [...allOf(of.element)].find((one) => attributeOf(one, 'id') === element);
    if (!found) continue;
    const column = of.entries.findIndex(
      (entry) => entry && found.start >= entry.start && found.end <= entry.end,
    );
    return { rule, column: column < 0 ? null : column };
  }
  return null;
}

/** The check says what a cell asks in front of what is wrong with it: `kind: "x" is no number`. */
function columnNamed(grid: DecisionGrid, detail: string): number | null {
  const column = [...grid.inputs, ...grid.outputs].findIndex(
    (one) => one.name !== '' && detail.startsWith(`${one.name}: `),
  );
  return column < 0 ? null : column;
}
