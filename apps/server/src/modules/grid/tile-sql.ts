import { sql, type RawBuilder } from 'kysely';
import { asMvtGeom, box, TILE_BUFFER, TILE_EXTENT, tileEnvelope } from '#platform/geo';
import { metresPerPixel, tileBox, type TileKey } from './tile-math.ts';

type Query = RawBuilder<{ tile: Buffer }>;

const inside = (tile: TileKey) => box(tileBox(tile, TILE_BUFFER / TILE_EXTENT));
const envelope = ({ z, x, y }: TileKey) => tileEnvelope(z, x, y);
const name = (column: RawBuilder<unknown>) =>
  sql`${column}->>'zh-CN' as name_zh, ${column}->>'en' as name_en`;

/** One layer of the tile out of `rows(geom, …)`, a CTE. */
function layerOf(layer: string, rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select coalesce(st_asmvt(t, ${layer}::text, ${TILE_EXTENT}::int, 'geom'), ''::bytea)
                from (${rows}) t where t.geom is not null)`;
}

/** What of the base map is worth its ink at a zoom: the highest rank of each layer (1 is the most important). */
function baseRanks(z: number): Record<'water' | 'park' | 'road' | 'building' | 'label', number> {
  return {
    water: 9,
    park: z < 11 ? 0 : 9,
    road: z < 10 ? 0 : z < 12 ? 1 : z < 13 ? 2 : z < 15 ? 3 : 9,
    building: z < 14 ? 0 : z < 15 ? 1 : 9,
    label: z < 10 ? 1 : z < 12 ? 2 : z < 14 ? 4 : z < 16 ? 6 : 9,
  };
}

/** The base map: water, park, road, building and label, each a layer of its own, simplified to half a pixel. */
export function baseTile(cityId: string, tile: TileKey): Query {
  const ranks = baseRanks(tile.z);
  const shown = Object.entries(ranks).filter(([, rank]) => rank > 0);
  const tolerance = metresPerPixel(tile.z) / 2;
  const mercator = sql`st_transform(f.geom, 3857)`;
  const simple =
    tile.z < 15
      ? sql`case when f.layer in ('label', 'building') then ${mercator}
                 else st_simplify(${mercator}, ${tolerance}::float8, true) end`
      : mercator;
  const layers = shown.map(([layer]) =>
    layerOf(
      layer,
      sql`select geom, rank, ${name(sql.ref('name'))} from f where layer = ${layer} order by rank, id`,
    ),
  );
  return sql<{ tile: Buffer }>`
    with f as materialized (
      select f.id, f.layer, f.rank, f.name,
             st_asmvtgeom(${simple}, ${envelope(tile)}, ${TILE_EXTENT}::int, ${TILE_BUFFER}::int, true) as geom
        from base_feature f
       where f.city_id = ${cityId}::uuid and f.geom && ${inside(tile)}
         and (${sql.join(
           shown.map(([layer, rank]) => sql`(f.layer = ${layer} and f.rank <= ${rank}::int)`),
           sql` or `,
         )}))
    select ${sql.join(layers, sql` || `)} as tile`;
}

/** Unit grids from zoom 14, patrol grids from 12, above them the regions down to where they can be told apart. */
export function gridTile(cityId: string, tile: TileKey): Query {
  const { z } = tile;
  const region = (kind: string) =>
    layerOf(
      kind,
      sql`select r.id::text as id, r.code, ${name(sql.ref('r.name'))}, ${asMvtGeom(sql.ref('r.geom'), envelope(tile))} as geom
            from region r
           where r.city_id = ${cityId}::uuid and r.valid_to is null and r.kind = ${kind}
             and r.geom && ${inside(tile)}`,
    );
  // Each kind names its partial index in so many words
  const grid = (kind: 'unit' | 'patrol', ofKind: RawBuilder<unknown>) =>
    layerOf(
      kind,
      sql`select g.id::text as id, g.code, g.grade, g.patrol_grid_id::text as patrol, ${name(sql.ref('g.name'))},
                 ${asMvtGeom(sql.ref('g.geom'), envelope(tile))} as geom
            from grid g
           where ${ofKind} and g.city_id = ${cityId}::uuid and g.valid_to is null and g.geom && ${inside(tile)}`,
    );
  const layers = [region('district')];
  if (z >= 9) layers.push(region('street'));
  if (z >= 11) layers.push(region('community'));
  if (z >= 12) layers.push(grid('patrol', sql`g.kind <> 'unit' and g.kind = 'patrol'`));
  if (z >= 14) layers.push(grid('unit', sql`g.kind = 'unit'`));
  return sql<{ tile: Buffer }>`select ${sql.join(layers, sql` || `)} as tile`;
}

export const ASSET_ZOOM = 15;

/** Managed components, as they lie: points, lines and areas. */
export function assetTile(cityId: string, tile: TileKey): Query {
  return sql<{ tile: Buffer }>`
    select ${layerOf(
      'asset',
      sql`select a.id::text as id, a.code, c.code as category, a.state, ${name(sql.ref('a.name'))},
                 ${asMvtGeom(sql.ref('a.geom'), envelope(tile))} as geom
            from asset a join category c on c.id = a.category_id
           where a.city_id = ${cityId}::uuid and a.valid_to is null and a.geom && ${inside(tile)}`,
    )} as tile`;
}

/** Below it a tile spans a city's district or more. */
const WIDE_ZOOM = 14;
/** From here on each case is a point of its own. */
export const CASE_ZOOM = 16;
/** A cluster gathers an eighth of the tile's side, 64 of 512 pixels on the screen. */
const CELLS = 8;

/**
 * Open cases that the viewer may see (`visible`: a condition on `"case" c`), each with its lamp; below zoom 16
 * gathered by a grid with their number, their worst lamp, and how many of them have it. The lamp is computed for `now`, as everywhere.
 */
export function caseTile(visible: RawBuilder<boolean>, tile: TileKey, now: Date): Query {
  const clocks = sql`select min(t.due_at) as due_at, min(t.warn_at) as warn_at`;
  // A wide tile holds a good part of all that is open: their tasks are read once, from the index of open ones.
  const withClocks =
    tile.z < WIDE_ZOOM
      ? sql`left join (${clocks}, t.case_id from task t where t.done_at is null group by t.case_id) k on k.case_id = c.id`
      : sql`left join lateral (${clocks} from task t where t.case_id = c.id and t.done_at is null and t.step <> '') k on true`;
  const open = sql`
    select c.id, c.case_no, c.stage, c.category_id, c.geom,
           case when k.due_at < ${now} then 3 when k.warn_at < ${now} then 2 when k.due_at is not null then 1 else 0 end as lamp
      from "case" c ${withClocks}
     where c.ended_at is null and c.geom && ${inside(tile)} and ${visible}`;
  const lampName = sql`(array['none', 'green', 'yellow', 'red'])[lamp + 1]`;
  const rows =
    tile.z >= CASE_ZOOM
      ? sql`select 1 as count, ${lampName} as lamp, o.id::text as id, o.case_no, o.stage, o.category_id::text as category,
                   ${asMvtGeom(sql.ref('o.geom'), envelope(tile))} as geom from o`
      : clusters(tile, lampName);
  return sql<{ tile: Buffer }>`with o as (${open}) select ${layerOf('case', rows)} as tile`;
}

function clusters(tile: TileKey, lampName: RawBuilder<unknown>): RawBuilder<unknown> {
  const cell = (metresPerPixel(tile.z) * 256) / CELLS;
  return sql`
    select count, ${lampName} as lamp, case when count > 1 then worst end as worst,
           case when count = 1 then id end as id, case when count = 1 then case_no end as case_no,
           case when count = 1 then stage end as stage,
           st_asmvtgeom(geom, ${envelope(tile)}, ${TILE_EXTENT}::int, ${TILE_BUFFER}::int, true) as geom
      from (select count(*)::int as count, max(lamp) as lamp,
                   (case max(lamp) when 3 then count(*) filter (where lamp = 3) when 2 then count(*) filter (where lamp = 2)
                     when 1 then count(*) filter (where lamp = 1) else count(*) end)::int as worst, min(id::text) as id, min(case_no) as case_no,
                   min(stage) as stage, st_centroid(st_collect(point)) as geom
              from (select o.*, st_transform(o.geom, 3857) as point from o) p
             group by st_snaptogrid(point, ${cell}::float8)) g`;
}
