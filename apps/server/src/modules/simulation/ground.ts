import { createRandom, STORIES, type Random, type Spot, type Story } from '@wanmi/simulator';
import type { Platform } from '#platform/platform';
import { SimulationError, type Episode, type Scenario } from './scenario.ts';

type Grade = 'A' | 'B' | 'C';
const GRADES: readonly Grade[] = ['A', 'B', 'C'];

/** A place at which something may happen: an asset, and a few steps beside it. */
interface Site {
  /** At the asset itself; null where there is none. */
  readonly asset: Spot | null;
  readonly beside: Spot;
}

interface Row {
  code: string;
  id: string | null;
  lon: number;
  lat: number;
  address: string | null;
  category: string | null;
  grade: string | null;
}

const METRE = 1 / 111_320;
const WORST = 0.1;

/** Where things happen in a city, and what: drawn by area grade, place, season and hour. */
export class Ground {
  readonly #sites = new Map<Grade, Site[]>();
  readonly #ofCategory = new Map<string, Site[]>();
  readonly #stories: readonly Story[];
  readonly #tables = new Map<string, { story: Story; upTo: number }[]>();
  readonly #grades: { grade: Grade; upTo: number }[] = [];
  readonly #scenario: Scenario;

  private constructor(
    rows: readonly Row[],
    categories: ReadonlySet<string>,
    scenario: Scenario,
    seed: string,
  ) {
    this.#scenario = scenario;
    this.#stories = STORIES.filter((story) => categories.has(story.category));
    for (const row of rows) {
      const grade = GRADES.find((one) => one === row.grade) ?? 'B';
      const random = createRandom(seed, `site ${row.code}`);
      const asset: Spot | null =
        row.id === null
          ? null
          : { lon: row.lon, lat: row.lat, address: row.address, assetId: row.id, category: row.category };
      const away = (at: number): number =>
        Math.round((at + (row.id === null ? 0 : random.between(-6, 6)) * METRE) * 1e7) / 1e7;
      const beside: Spot = {
        lon: away(row.lon),
        lat: away(row.lat),
        address: row.address,
        assetId: null,
        category: null,
      };
      const site = { asset, beside };
      push(this.#sites, grade, site);
      if (asset?.category) push(this.#ofCategory, `${grade} ${asset.category}`, site);
    }
    let sum = 0;
    for (const grade of GRADES) {
      const n = this.#sites.get(grade)?.length ?? 0;
      if (n === 0) continue;
      sum += n * scenario.places.grades[grade];
      this.#grades.push({ grade, upTo: sum });
    }
  }

  /**
   * Looks round in a city: assets of it, spread by their codes so that every run finds the same, or the middles of its
   * unit grids where it has no assets.
   */
  static async of(
    { pool }: Platform,
    cityId: string,
    scenario: Scenario,
    seed: string,
    categories: ReadonlySet<string>,
  ): Promise<Ground> {
    const { rows: counted } = await pool.query<{ n: number }>(
      `select count(*)::int as n from grid where city_id = $1 and kind = 'unit' and valid_to is null`,
      [cityId],
    );
    const sites = Math.max(40, Math.round((counted[0]?.n ?? 0) * scenario.places.perGrid));
    const { rows } = await pool.query<Row>(
      `select a.code, a.id, st_x(a.geom) as lon, st_y(a.geom) as lat, a.address, c.kind || ':' || c.code as category,
              g.grade
         from asset a join grid g on g.id = a.unit_grid_id join category c on c.id = a.category_id
        where a.city_id = $1 and a.valid_to is null and st_geometrytype(a.geom) = 'ST_Point'
        order by md5(a.code || $2), a.code limit $3`,
      [cityId, seed, sites],
    );
    const found =
      rows.length > 0
        ? rows
        : (
            await pool.query<Row>(
              `select g.code, null as id, st_x(p) as lon, st_y(p) as lat, null as address, null as category, g.grade
                 from grid g cross join lateral st_pointonsurface(g.geom) p
                where g.city_id = $1 and g.kind = 'unit' and g.valid_to is null
                order by md5(g.code || $2), g.code limit $3`,
              [cityId, seed, sites],
            )
          ).rows;
    if (found.length === 0) throw new SimulationError('the city has no place where anything could happen');
    const ground = new Ground(found, categories, scenario, seed);
    if (ground.#stories.length === 0) {
      throw new SimulationError('the city has none of the categories of which stories are told');
    }
    return ground;
  }

  /** What somebody meets at an hour of a month, and where. */
  find(
    when: { hour: number; month: number },
    episodes: readonly Episode[],
    random: Random,
  ): { story: Story; spot: Spot } {
    const { grade } = choose(this.#grades, random);
    const { story } = choose(this.#table(grade, when, episodes), random);
    if (story.category.startsWith('asset')) {
      const site = pickWorst(this.#ofCategory.get(`${grade} ${story.category}`), this.#scenario, random);
      if (site?.asset) return { story, spot: site.asset };
    }
    return { story, spot: pickWorst(this.#sites.get(grade), this.#scenario, random)!.beside };
  }

  #table(
    grade: Grade,
    { hour, month }: { hour: number; month: number },
    episodes: readonly Episode[],
  ): { story: Story; upTo: number }[] {
    const key = `${grade} ${hour} ${month} ${episodes.map((one) => this.#scenario.episodes.indexOf(one)).join(',')}`;
    const known = this.#tables.get(key);
    if (known) return known;
    const { categories, areas, seasons } = this.#scenario;
    let sum = 0;
    const table = this.#stories.flatMap((story) => {
      const { category, hours } = story;
      if (hours && (hour < hours[0] || hour >= hours[1])) return [];
      const weight =
        story.weight *
        (categories[category] ?? 1) *
        (areas[grade]?.[category] ?? 1) *
        (seasons[category]?.[month] ?? 1) *
        episodes.reduce((all, one) => all * (one.categories[category] ?? 1), 1);
      if (weight === 0) return [];
      return [{ story, upTo: (sum += weight) }];
    });
    const made = table.length > 0 ? table : [{ story: this.#stories[0]!, upTo: 1 }];
    this.#tables.set(key, made);
    return made;
  }
}

function choose<T extends { upTo: number }>(table: readonly T[], random: Random): T {
  const mark = random.next() * table.at(-1)!.upTo;
  return table.find((one) => one.upTo > mark) ?? table.at(-1)!;
}

/** Some places are bad: a tenth of them gets its share of all. */
function pickWorst<T>(sites: readonly T[] | undefined, { places }: Scenario, random: Random): T | undefined {
  if (!sites || sites.length === 0) return undefined;
  const bad = Math.max(1, Math.floor(sites.length * WORST));
  return random.chance(places.worst) ? sites[random.int(0, bad - 1)] : random.pick(sites);
}

function push<K, T>(map: Map<K, T[]>, key: K, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
