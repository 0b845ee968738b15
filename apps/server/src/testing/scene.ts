import type { ActionReply, Media, ReportReply } from '@wanmi/contracts';
import { invalidateCatalog } from '../modules/catalog/index.ts';
import type { App } from '../platform/http.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { fileUpload, picture } from './pictures.ts';
import type { TestCity, UnitName } from './world.ts';

/** How a case came to where it stands; who sees it then is written down beside it, not computed. */
export interface Plot {
  readonly name: string;
  /** Of the city: 0 west, 1 east; null has no position. */
  readonly district: 0 | 1 | null;
  /** Who reports; the operator takes a call where nothing else is said. */
  readonly by?: string;
  readonly steps: readonly Step[];
  /** User names whose desk it lies on now. */
  readonly waits: readonly string[];
  /** Departments and crews that have or had the work. */
  readonly units?: readonly UnitName[];
  /** Collectors who reported it, or have or had a step of it. */
  readonly collectors?: readonly string[];
  readonly ended?: true;
  /** On whose desk it once lay who sees it no more: a live stream that catches up tells them that it moved. */
  readonly left?: readonly string[];
  /** Later reports of the same problem. */
  readonly joined?: number;
  /** The same photo as that of another case, sent by somebody else. */
  readonly photoOf?: string;
}

export type Step = readonly [who: string, action: string, data?: Readonly<Record<string, unknown>>];

/** A case with its secrets: `key` stands in every text of it, and nowhere else. */
export interface Planted extends Plot {
  readonly key: string;
  readonly city: CityKey;
  readonly caseId: string;
  readonly caseNo: string;
  readonly reportIds: readonly string[];
  readonly mediaIds: readonly string[];
  /** In the order in which they were opened. */
  readonly tasks: readonly { readonly id: string; readonly open: boolean }[];
}

export type CityKey = 'h' | 'n';

/** Any planted key in a text. */
export const KEY = /zq[hn]\d\d/g;
/**
 * What a reporter's name and number look like whole, and masked. Not the same digits inside another figure: a measured
 * second has sixteen of them.
 */
export const WHOLE = /zq[hn]\d\dname|(?<![\d.])1395550\d{4}(?!\d)/;
export const MASKED = /([\u5000-\u50ff])\*\*|139\*{4}(\d{4})/g;
const FIRST_NAME = 0x5000;

/** Who a masked reporter is, by its first character or last digits. */
export function maskedIndex(match: RegExpMatchArray): number {
  return match[1] ? match[1].codePointAt(0)! - FIRST_NAME : Number(match[2]);
}

export class Stage {
  readonly #app: App;
  readonly #platform: Platform;
  /** Which case each reporter, by its number, spoke of. */
  readonly reporters = new Map<number, Planted>();

  constructor(app: App, platform: Platform) {
    this.#app = app;
    this.#platform = platform;
  }

  /** Plays the plots in a city whose people's user names end with `suffix`. */
  async plant(city: TestCity, key: CityKey, suffix: string, plots: readonly Plot[]): Promise<Planted[]> {
    await this.#withoutPatrols(city);
    const planted: Planted[] = [];
    for (const [index, plot] of plots.entries()) {
      const made = await this.#play(city, suffix, {
        ...plot,
        city: key,
        key: `zq${key}${String(index).padStart(2, '0')}`,
      });
      planted.push(made);
    }
    return planted;
  }

  /** All plots of a district are at one place: that it comes back is not what they are about. */
  async #withoutPatrols({ cityId }: TestCity): Promise<void> {
    await this.#platform.pool.query(
      `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
       select $2, city_id, kind, code, version + 1, made, sha256(convert_to(made, 'UTF8')), state, valid_from, created_at
         from rule_version, regexp_replace(content, '((_out1|_count)">\\s*<text>)\\d+', '\\10', 'g') made
        where city_id = $1 and kind = 'decision' and code = 'recurrence' order by version desc limit 1`,
      [cityId, uuidv7(this.#platform.clock.now())],
    );
    invalidateCatalog(this.#platform, cityId);
  }

  async #play(city: TestCity, suffix: string, plot: Plot & { key: string; city: CityKey }): Promise<Planted> {
    const as = (who: string): string => {
      const person = city.people.get(who + suffix);
      if (!person) throw new Error(`the city has no ${who}`);
      return person.token;
    };
    const by = plot.by ?? 'operator';
    const mediaIds = [await this.upload(as(by), `${plot.city} ${plot.photoOf ?? plot.name}`)];
    const reports: number[] = [];
    const report = (extra: object): Promise<ReportReply> => {
      const index = this.reporters.size + reports.length;
      if (by === 'operator') reports.push(index);
      return this.#post<ReportReply>(as(by), '/reports', {
        ...(by === 'operator' ? { source: 'hotline12319', reporter: reporterOf(plot.key, index) } : {}),
        categoryId: city.rules.categories.rubbish,
        description: `暴露垃圾 ${plot.key} 影响通行`,
        address: `人民路 ${plot.key} 号`,
        externalRef: `${plot.key}-${index}-${reports.length}`,
        ...(plot.district === null ? {} : { position: city.districts[plot.district].point }),
        ...extra,
      });
    };
    const first = await report({ mediaIds });
    const { id: caseId, caseNo } = first.case;
    const reportIds = [first.report.id];
    for (let i = 0; i < (plot.joined ?? 0); i += 1) {
      reportIds.push((await report({ joinCaseId: caseId })).report.id);
    }
    for (const [who, action, given] of plot.steps) {
      const data: Record<string, unknown> = withIds(city, given ?? {});
      data[action === 'respond' ? 'result' : 'note'] = `${plot.key} ${action}`;
      if (action === 'respond' || action === 'pass') {
        mediaIds.push(await this.upload(as(who), `${plot.key} ${action}`));
        data['mediaIds'] = [mediaIds.at(-1)];
      }
      await this.#act(as(who), caseId, action, data);
    }
    const { rows } = await this.#platform.pool.query<{ id: string; open: boolean }>(
      'select id, done_at is null as open from task where case_id = $1 order by opened_at, id',
      [caseId],
    );
    const planted: Planted = { ...plot, caseId, caseNo, reportIds, mediaIds, tasks: rows };
    for (const index of reports) this.reporters.set(index, planted);
    return planted;
  }

  async #act(token: string, caseId: string, action: string, data: object): Promise<void> {
    const { rows } = await this.#platform.pool.query<{ id: string }>(
      'select id from task where case_id = $1 and done_at is null',
      [caseId],
    );
    await this.#post<ActionReply>(token, `/tasks/${rows[0]?.id}/actions/${action}`, { data });
  }

  /** A photo of one's own; the same name is the same photo. */
  async upload(token: string, name: string): Promise<string> {
    const { contentType, payload } = fileUpload(await picture(name));
    const reply = await this.#app.inject({
      method: 'POST',
      url: '/api/v1/media',
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      payload,
    });
    if (reply.statusCode >= 300) throw new Error(`upload: ${reply.body}`);
    return reply.json<Media>().id;
  }

  async #post<T>(token: string, url: string, body: object): Promise<T> {
    const reply = await this.#app.inject({
      method: 'POST',
      url: `/api/v1${url}`,
      headers: { authorization: `Bearer ${token}` },
      payload: body,
    });
    if (reply.statusCode >= 300) throw new Error(`POST ${url} ${JSON.stringify(body)}: ${reply.body}`);
    return reply.json<T>();
  }
}

function reporterOf(key: string, index: number): { name: string; phone: string } {
  return {
    name: `${String.fromCodePoint(FIRST_NAME + index)}${key}name`,
    phone: `1395550${String(index).padStart(4, '0')}`,
  };
}

/** `{unit: 'crew1'}` and `{condition: 'rubbish'}` in the city's own ids. */
function withIds(city: TestCity, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { unit, condition, ...rest } = data;
  return {
    ...rest,
    ...(unit === undefined ? {} : { unitId: city.units[unit as UnitName] }),
    ...(condition === undefined ? {} : { conditionId: city.rules.conditions[condition as 'rubbish'] }),
  };
}

const VERIFY: Step[] = [['operator', 'sendVerify']];
const verified = (district: 0 | 1): Step[] => [...VERIFY, [`collector${district + 1}`, 'confirm']];
const filed = (district: 0 | 1): Step[] => [
  ...verified(district),
  ['shiftLeader', 'file', { condition: 'rubbish' }],
];
const dispatched = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...filed(district),
  ['dispatcher', 'dispatch', { unit: `department${department}` }],
];
const signed = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...dispatched(district, department),
  [`department${department}`, 'sign'],
];
const responded = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...signed(district, department),
  [`department${department}`, 'respond'],
];
const checked = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...responded(district, department),
  ['operator', 'sendCheck'],
];
const passed = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...checked(district, department),
  [`collector${district + 1}`, 'pass'],
];
const closed = (district: 0 | 1, department: 1 | 2): Step[] => [
  ...passed(district, department),
  ['shiftLeader', 'close'],
];

/** Cases at every stage, in both districts, in both departments' hands. */
export const PLOTS: readonly Plot[] = [
  { name: 'accept west', district: 0, steps: [], waits: ['operator'] },
  { name: 'accept east', district: 1, steps: [], waits: ['operator', 'eastOperator'], joined: 1 },
  { name: 'verify west', district: 0, steps: VERIFY, waits: ['collector1'], collectors: ['collector1'] },
  { name: 'verify east', district: 1, steps: VERIFY, waits: ['collector2'], collectors: ['collector2'] },
  {
    name: 'file west',
    district: 0,
    steps: [['operator', 'accept']],
    waits: ['shiftLeader'],
  },
  {
    name: 'dispatch east',
    district: 1,
    steps: filed(1),
    waits: ['dispatcher'],
    collectors: ['collector2'],
  },
  {
    name: 'sign west 2',
    district: 0,
    steps: dispatched(0, 2),
    waits: ['department2'],
    units: ['department2'],
    collectors: ['collector1'],
  },
  {
    name: 'sign east 1',
    district: 1,
    steps: dispatched(1, 1),
    waits: ['department1'],
    units: ['department1'],
    collectors: ['collector2'],
  },
  {
    name: 'dispose east 2',
    district: 1,
    steps: signed(1, 2),
    waits: ['department2'],
    units: ['department2'],
    collectors: ['collector2'],
  },
  {
    name: 'crew west 2',
    district: 0,
    steps: [...signed(0, 2), ['department2', 'assign', { unit: 'crew2' }]],
    waits: ['crew2'],
    units: ['department2', 'crew2'],
    collectors: ['collector1'],
  },
  {
    name: 'crew east 1, responded',
    district: 1,
    steps: [...signed(1, 1), ['department1', 'assign', { unit: 'crew1' }], ['crew1', 'respond']],
    waits: ['operator', 'eastOperator'],
    units: ['department1', 'crew1'],
    collectors: ['collector2'],
  },
  {
    name: 'check west 1',
    district: 0,
    steps: checked(0, 1),
    waits: ['collector1'],
    units: ['department1'],
    collectors: ['collector1'],
  },
  {
    name: 'close east 2',
    district: 1,
    steps: passed(1, 2),
    waits: ['shiftLeader'],
    units: ['department2'],
    collectors: ['collector2'],
  },
  {
    name: 'closed west 2',
    district: 0,
    steps: closed(0, 2),
    waits: [],
    units: ['department2'],
    collectors: ['collector1'],
    ended: true,
  },
  {
    name: 'closed east 1',
    district: 1,
    steps: closed(1, 1),
    waits: [],
    units: ['department1'],
    collectors: ['collector2'],
    ended: true,
  },
  {
    name: 'rejected west',
    district: 0,
    steps: [['operator', 'reject', { reason: 'other' }]],
    waits: [],
    ended: true,
  },
  {
    name: 'filing declined east',
    district: 1,
    steps: [
      ['operator', 'accept'],
      ['shiftLeader', 'declineFiling', { reason: 'other' }],
    ],
    waits: [],
    ended: true,
  },
  {
    // Both have had it: the first department keeps seeing what it was counted for.
    name: 'redispatched west, 2 then 1',
    district: 0,
    steps: [
      ...checked(0, 2),
      ['collector1', 'fail', { reason: 'notDone' }],
      ['dispatcher', 'redispatch', { unit: 'department1' }],
    ],
    waits: ['department1'],
    units: ['department1', 'department2'],
    collectors: ['collector1'],
  },
  {
    name: 'sign declined east 2',
    district: 1,
    steps: [...dispatched(1, 2), ['department2', 'decline', { reason: 'other' }]],
    waits: ['dispatcher'],
    units: ['department2'],
    collectors: ['collector2'],
  },
  {
    // Seen and reported outside the own beat.
    name: 'reported east by the western collector',
    district: 1,
    by: 'collector1',
    steps: [],
    waits: ['shiftLeader'],
    collectors: ['collector1', 'collector2'],
    photoOf: 'accept west',
  },
  {
    name: 'accepted without a position',
    district: null,
    steps: [['operator', 'accept']],
    waits: ['shiftLeader'],
    left: ['eastOperator'],
  },
  { name: 'without a position', district: null, steps: [], waits: ['operator', 'eastOperator'] },
  {
    // Nobody's beat: the team picks it up.
    name: 'verify without a position',
    district: null,
    steps: VERIFY,
    waits: ['collector1'],
    collectors: ['collector1'],
    left: ['eastOperator'],
  },
];

/** Enough of them for a neighbour city. */
export const FEW_PLOTS: readonly Plot[] = PLOTS.filter((plot) =>
  ['accept west', 'verify east', 'sign west 2', 'crew west 2', 'closed east 1'].includes(plot.name),
);
