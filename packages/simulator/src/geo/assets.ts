import { text, type Text } from './names.ts';
import type { Plane } from './plane.ts';
import type { Random } from './random.ts';
import type { Course } from './river.ts';
import type { City, CityAsset, Road, RoadRank, UnitGrid } from './types.ts';

/** One class of assets: how many of a hundred, along which roads, where across the road. */
interface Kind {
  category: string;
  name: Text;
  departmentKind: string;
  share: number;
  ranks: readonly RoadRank[];
  /** `kerb`: on the pavement; `lane`: in the carriageway */
  across: 'kerb' | 'lane';
}

const ALL: readonly RoadRank[] = [1, 2, 3, 4];
const MAIN: readonly RoadRank[] = [1, 2, 3];

/** GB/T 30428.2-2013, attested classes only: hydrants have no attested class there, so there are none. */
export const ASSET_KINDS: readonly Kind[] = [
  ['0402', '行道树', 'Street tree', 'landscape', 25, MAIN, 'kerb'],
  ['0137', '路灯', 'Street lamp', 'municipalWorks', 20, ALL, 'kerb'],
  ['0102', '污水井盖', 'Sewer manhole cover', 'water', 9, ALL, 'lane'],
  ['0104', '雨水箅子', 'Storm drain grating', 'water', 9, ALL, 'lane'],
  ['0103', '雨水井盖', 'Storm drain manhole cover', 'water', 8, ALL, 'lane'],
  ['0305', '垃圾箱', 'Litter bin', 'sanitation', 8, MAIN, 'kerb'],
  ['0101', '上水井盖', 'Water supply manhole cover', 'water', 6, ALL, 'lane'],
  ['0106', '路灯井盖', 'Street lighting manhole cover', 'municipalWorks', 3, MAIN, 'kerb'],
  ['0111', '燃气井盖', 'Gas manhole cover', 'gas', 2, MAIN, 'lane'],
  ['0127', '通讯交接箱', 'Telecom cross-connect cabinet', 'telecom', 2, MAIN, 'kerb'],
  ['0128', '电力设施', 'Power facility', 'power', 2, MAIN, 'kerb'],
  ['0212', '路名牌', 'Street name plate', 'municipalWorks', 2, MAIN, 'kerb'],
  ['0204', '公交站亭', 'Bus shelter', 'transit', 2, [1, 2], 'kerb'],
  ['0407', '街头座椅', 'Street bench', 'landscape', 1, MAIN, 'kerb'],
  ['0405', '花钵花架', 'Flower pot or stand', 'landscape', 1, [1, 2], 'kerb'],
].map(([category, zh, en, departmentKind, share, ranks, across]) => ({
  category: category as string,
  name: text(zh as string, en as string),
  departmentKind: departmentKind as string,
  share: share as number,
  ranks: ranks as readonly RoadRank[],
  across: across as Kind['across'],
}));

/** About six a unit grid: a demonstration, not an inventory (a real city has a hundred). */
const PER_GRID = 6;

/** Fast look-up on the drawing board: buckets of 200 m. */
function gridIndex(units: readonly UnitGrid[]): (x: number, y: number) => UnitGrid | undefined {
  const cell = 2000;
  const buckets = new Map<string, UnitGrid[]>();
  const key = (i: number, j: number): string => `${i},${j}`;
  for (const unit of units) {
    const { x0, x1, y0, y1 } = unit.rect;
    for (let i = Math.floor(x0 / cell); i <= Math.floor((x1 - 1) / cell); i++)
      for (let j = Math.floor(y0 / cell); j <= Math.floor((y1 - 1) / cell); j++) {
        const bucket = buckets.get(key(i, j));
        if (bucket) bucket.push(unit);
        else buckets.set(key(i, j), [unit]);
      }
  }
  return (x, y) =>
    buckets
      .get(key(Math.floor(x / cell), Math.floor(y / cell)))
      ?.find(({ rect }) => x >= rect.x0 && x < rect.x1 && y >= rect.y0 && y < rect.y1);
}

/** Sets things at even distances, on both sides of the roads of a kind, out of the water. */
export function createAssets(
  city: Pick<City, 'unitGrids' | 'roads'>,
  plane: Plane,
  course: Course,
  random: Random,
): CityAsset[] {
  const unitAt = gridIndex(city.unitGrids);
  const total = city.unitGrids.length * PER_GRID;
  const sum = ASSET_KINDS.reduce((n, kind) => n + kind.share, 0);
  const serials = new Map<string, number>();
  const assets: CityAsset[] = [];

  for (const kind of ASSET_KINDS) {
    const roads = city.roads.filter((road) => kind.ranks.includes(road.rank));
    const length = roads.reduce((n, road) => n + 2 * (road.to - road.from), 0);
    const spacing = length / ((total * kind.share) / sum);
    let ahead = random.between(0.2, 0.8) * spacing;
    for (const road of roads)
      for (const side of [1, -1]) {
        let along = ahead;
        for (; along < road.to - road.from; along += spacing * random.between(0.9, 1.1)) {
          const spot = place(road, kind, side, along, random);
          const unit = unitAt(spot.x, spot.y);
          if (!unit || course.near(spot.x, spot.y, 20)) continue;
          const county = unit.districtKey;
          const serial = (serials.get(county + kind.category) ?? 0) + 1;
          serials.set(county + kind.category, serial);
          const code = county + kind.category + String(serial).padStart(6, '0');
          const number = 1 + 2 * Math.floor(along / 250) + (side > 0 ? 0 : 1);
          assets.push({
            key: code,
            code,
            category: kind.category,
            name: kind.name,
            address: text(`${road.name['zh-CN']}${number}号旁`, `by ${number} ${road.name.en}`),
            departmentKind: kind.departmentKind,
            unitGridKey: unit.key,
            geometry: { type: 'Point', coordinates: plane.coordinate(spot.x, spot.y) },
          });
        }
        ahead = along - (road.to - road.from);
      }
  }
  return assets;
}

/** Decimetres on the drawing board: never on a border, which runs in the middle of the road. */
function place(
  road: Road,
  kind: Kind,
  side: number,
  along: number,
  random: Random,
): { x: number; y: number } {
  const half = road.width * 5;
  const offset =
    kind.across === 'kerb' ? half + random.int(5, 15) : Math.round(half * random.between(0.3, 0.9));
  const at = Math.round(road.from + along);
  const across = road.at + side * Math.max(5, offset);
  return road.direction === 'h' ? { x: at, y: across } : { x: across, y: at };
}
