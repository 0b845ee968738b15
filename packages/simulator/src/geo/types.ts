import type { Text } from './names.ts';
import type { Bbox, Coordinate, LineGeometry, PointGeometry, PolygonGeometry, Rect } from './plane.ts';

export type CitySize = 'S' | 'M' | 'L' | 'XL';
export type Grade = 'A' | 'B' | 'C';

/** What every generated thing has. `key` is unique within its list; in a new city it equals the code. */
interface Place {
  key: string;
  code: string;
  name: Text;
  /** [west, south, east, north]; a point belongs to it if west <= lon < east and south <= lat < north */
  bbox: Bbox;
  geometry: PolygonGeometry;
  areaSqm: number;
  /** on the drawing board, see plane.ts */
  rect: Rect;
}

export interface Region extends Place {
  kind: 'city' | 'district' | 'street' | 'community';
  parentKey: string | null;
}

interface GridParents {
  districtKey: string;
  streetKey: string;
  communityKey: string;
}

/** 单元网格, about 10,000 m², 15 digits. */
export interface UnitGrid extends Place, GridParents {
  kind: 'unit';
  patrolGridKey: string;
  disposalGridKey: string;
  grade: Grade;
  landUse: 'built' | 'park' | 'water';
}

/** 责任网格: a collector's beat of about 20 unit grids. */
export interface PatrolGrid extends Place, GridParents {
  kind: 'patrol';
  unitGridCount: number;
}

/** 处置网格: a team's area, on the four levels of the regions. */
export interface DisposalGrid extends Place {
  kind: 'disposal';
  level: Region['kind'];
  regionKey: string;
  parentKey: string | null;
}

/** 1 avenue (between districts), 2 road (between streets), 3 side street, 4 lane */
export type RoadRank = 1 | 2 | 3 | 4;

export interface Road {
  key: string;
  name: Text;
  rank: RoadRank;
  /** metres from kerb to kerb */
  width: number;
  geometry: LineGeometry;
  /** where it runs on the drawing board */
  direction: 'h' | 'v';
  at: number;
  from: number;
  to: number;
}

export interface Park {
  key: string;
  name: Text;
  geometry: PolygonGeometry;
  unitGridKeys: string[];
}

export interface River {
  name: Text;
  geometry: PolygonGeometry;
  /** the green strips on both banks */
  banks: PolygonGeometry[];
}

/** 部件: 16 digits = 6 county + 4 category (GB/T 30428.2-2013) + 6 serial. */
export interface CityAsset {
  key: string;
  code: string;
  category: string;
  name: Text;
  address: Text;
  /** responsible kind, as in config/catalog/department.csv */
  departmentKind: string;
  unitGridKey: string;
  geometry: PointGeometry;
}

export interface City {
  seed: number | string;
  size: CitySize;
  origin: { lon: number; lat: number };
  /** city, then districts, streets, communities */
  regions: Region[];
  unitGrids: UnitGrid[];
  patrolGrids: PatrolGrid[];
  disposalGrids: DisposalGrid[];
  roads: Road[];
  parks: Park[];
  river: River;
  assets: CityAsset[];
}

export interface Feature<G, P> {
  type: 'Feature';
  geometry: G;
  properties: P;
}
export interface FeatureCollection<G, P> {
  type: 'FeatureCollection';
  features: Feature<G, P>[];
}

/** `rank` orders by importance, 1 first: what a small scale shows. */
export interface BaseProperties {
  name: Text | null;
  rank: number;
  class: string;
}

export interface BaseMap {
  water: FeatureCollection<PolygonGeometry, BaseProperties>;
  park: FeatureCollection<PolygonGeometry, BaseProperties>;
  road: FeatureCollection<LineGeometry, BaseProperties>;
  building: FeatureCollection<PolygonGeometry, BaseProperties>;
  label: FeatureCollection<PointGeometry, BaseProperties>;
}

export type { Bbox, Coordinate, LineGeometry, PointGeometry, PolygonGeometry, Rect, Text };
