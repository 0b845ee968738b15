import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Language } from '../i18n/index.ts';
import { colours, fonts, type Mode } from '../tokens.ts';

/** A quiet base: nothing is brighter than a case. Tiles come from our own server, glyphs from the machine. */
export function mapStyle(mode: Mode, language: Language, origin: string): StyleSpecification {
  const tiles = (layer: string) => ({
    type: 'vector' as const,
    tiles: [`${origin}/tiles/${layer}/{z}/{x}/{y}.mvt`],
    maxzoom: 16,
  });
  return {
    version: 8,
    sources: {
      base: tiles('base'),
      grid: tiles('grid'),
      case: tiles('case'),
      asset: { ...tiles('asset'), minzoom: 16 },
      focus: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      ...baseLayers(mode, language),
      ...gridLayers(mode, language),
      ...assetLayers(mode),
      ...caseLayers(mode),
      ...focusLayers(mode),
    ],
  };
}

const font = [fonts.split(',')[1]!.replaceAll('"', '').trim(), 'Noto Sans CJK SC'];

function nameOf(language: Language): ExpressionSpecification {
  return language === 'en'
    ? ['coalesce', ['get', 'name_en'], ['get', 'name_zh'], '']
    : ['coalesce', ['get', 'name_zh'], ['get', 'name_en'], ''];
}

function baseLayers(mode: Mode, language: Language): LayerSpecification[] {
  const of = colours[mode];
  const width = (scale: number): ExpressionSpecification => [
    'interpolate',
    ['exponential', 1.6],
    ['zoom'],
    11,
    ['*', scale, ['match', ['get', 'rank'], 1, 1.6, 2, 1, 3, 0.6, 0.3]],
    18,
    ['*', scale, ['match', ['get', 'rank'], 1, 26, 2, 18, 3, 12, 8]],
  ];
  return [
    { id: 'land', type: 'background', paint: { 'background-color': of.mapLand } },
    { id: 'park', type: 'fill', source: 'base', 'source-layer': 'park', paint: { 'fill-color': of.mapPark } },
    {
      id: 'water',
      type: 'fill',
      source: 'base',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': of.mapWater },
    },
    {
      id: 'stream',
      type: 'line',
      source: 'base',
      'source-layer': 'water',
      filter: ['==', ['geometry-type'], 'LineString'],
      paint: { 'line-color': of.mapWater, 'line-width': 3 },
    },
    {
      id: 'building',
      type: 'fill',
      source: 'base',
      'source-layer': 'building',
      minzoom: 15,
      paint: { 'fill-color': of.mapBuilding },
    },
    {
      id: 'road-edge',
      type: 'line',
      source: 'base',
      'source-layer': 'road',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': of.mapRoadEdge, 'line-width': width(1.25) },
    },
    {
      id: 'road',
      type: 'line',
      source: 'base',
      'source-layer': 'road',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': of.mapRoad, 'line-width': width(1) },
    },
    {
      id: 'road-name',
      type: 'symbol',
      source: 'base',
      'source-layer': 'road',
      minzoom: 13,
      layout: {
        'symbol-placement': 'line',
        'text-field': nameOf(language),
        'text-font': font,
        'text-size': 11,
        'symbol-spacing': 320,
      },
      paint: { 'text-color': of.mapLabel, 'text-halo-color': of.mapLand, 'text-halo-width': 1.4 },
    },
    {
      id: 'label',
      type: 'symbol',
      source: 'base',
      'source-layer': 'label',
      layout: {
        'text-field': nameOf(language),
        'text-font': font,
        'text-size': ['interpolate', ['linear'], ['coalesce', ['get', 'rank'], 4], 1, 15, 4, 12],
      },
      paint: { 'text-color': of.mapLabel, 'text-halo-color': of.mapLand, 'text-halo-width': 1.6 },
    },
  ];
}

/** Regions are always faintly there; the fine grids come with the switch (`visibility`). */
export const GRID_LAYERS = ['grid-unit', 'grid-patrol', 'grid-patrol-name', 'grid-unit-code'];

function gridLayers(mode: Mode, language: Language): LayerSpecification[] {
  const of = colours[mode];
  const line = (
    id: string,
    layer: string,
    width: number,
    extra: { dash?: number[]; minzoom?: number; visible?: boolean } = {},
  ): LayerSpecification => ({
    id,
    type: 'line',
    source: 'grid',
    'source-layer': layer,
    ...(extra.minzoom === undefined ? {} : { minzoom: extra.minzoom }),
    layout: { visibility: extra.visible === false ? 'none' : 'visible' },
    paint: {
      'line-color': of.mapGrid,
      'line-width': width,
      ...(extra.dash ? { 'line-dasharray': extra.dash } : {}),
    },
  });
  return [
    line('grid-unit', 'unit', 0.6, { minzoom: 14, visible: false }),
    line('grid-patrol', 'patrol', 1.4, { dash: [3, 2], visible: false }),
    line('region-community', 'community', 0.6, { dash: [2, 3], minzoom: 14 }),
    line('region-street', 'street', 0.8, { dash: [4, 2], minzoom: 12 }),
    line('region-district', 'district', 1.2, { dash: [6, 2] }),
    label('grid-unit-code', 'unit', ['get', 'code'], 17, 10, of.mapGrid, of.mapLand),
    label('grid-patrol-name', 'patrol', nameOf(language), 13, 12, of.mapLabel, of.mapLand),
  ];
}

function label(
  id: string,
  layer: string,
  field: ExpressionSpecification,
  minzoom: number,
  size: number,
  ink: string,
  halo: string,
): LayerSpecification {
  return {
    id,
    type: 'symbol',
    source: 'grid',
    'source-layer': layer,
    minzoom,
    layout: {
      visibility: 'none',
      'text-field': field,
      'text-font': font,
      'text-size': size,
    },
    paint: { 'text-color': ink, 'text-halo-color': halo, 'text-halo-width': 1.4 },
  };
}

function assetLayers(mode: Mode): LayerSpecification[] {
  const of = colours[mode];
  return [
    {
      id: 'asset',
      type: 'circle',
      source: 'asset',
      'source-layer': 'asset',
      minzoom: 17,
      paint: {
        'circle-radius': 2.5,
        'circle-color': of.surface,
        'circle-stroke-color': of.mapGrid,
        'circle-stroke-width': 1,
      },
    },
  ];
}

export const CASE_LAYERS = ['case-cluster', 'case-one'];

const count: ExpressionSpecification = ['coalesce', ['get', 'count'], 1];
const lamp: ExpressionSpecification = ['coalesce', ['get', 'lamp'], 'none'];

/** Clusters take colour and shape of their worst lamp and say how many are of it: "3/12". */
function caseLayers(mode: Mode): LayerSpecification[] {
  const of = colours[mode];
  return [
    {
      id: 'case-one',
      type: 'symbol',
      source: 'case',
      'source-layer': 'case',
      filter: ['==', count, 1],
      layout: {
        'icon-image': ['concat', 'lamp-', lamp],
        'icon-allow-overlap': true,
        'symbol-sort-key': ['match', lamp, 'red', 3, 'yellow', 2, 1],
      },
    },
    {
      id: 'case-cluster',
      type: 'symbol',
      source: 'case',
      'source-layer': 'case',
      filter: ['>', count, 1],
      layout: {
        'icon-image': ['concat', 'cluster-', lamp],
        'icon-allow-overlap': true,
        'icon-size': ['interpolate', ['linear'], count, 2, 0.75, 50, 1, 1000, 1.35],
        'text-field': [
          'case',
          ['all', ['has', 'worst'], ['<', ['get', 'worst'], count]],
          ['concat', ['to-string', ['get', 'worst']], '/', ['to-string', count]],
          ['to-string', count],
        ],
        'text-font': font,
        'text-size': 12,
        'text-allow-overlap': true,
        'text-offset': ['match', lamp, 'yellow', ['literal', [0, 0.35]], ['literal', [0, 0]]],
        'symbol-sort-key': count,
      },
      // White on the yellow of a lamp would be 3.7:1.
      paint: {
        'text-color': mode === 'light' ? ['match', lamp, 'yellow', of.ink, of.surface] : of.ground,
      },
    },
  ];
}

function focusLayers(mode: Mode): LayerSpecification[] {
  const of = colours[mode];
  return [
    {
      id: 'focus-ring',
      type: 'circle',
      source: 'focus',
      filter: ['==', ['get', 'kind'], 'selected'],
      paint: {
        'circle-radius': 16,
        'circle-color': 'transparent',
        'circle-stroke-color': of.primaryInk,
        'circle-stroke-width': 3,
      },
    },
    {
      id: 'focus-case',
      type: 'symbol',
      source: 'focus',
      filter: ['all', ['==', ['get', 'kind'], 'selected'], ['has', 'lamp']],
      layout: { 'icon-image': ['concat', 'lamp-', ['get', 'lamp']], 'icon-allow-overlap': true },
    },
    {
      id: 'focus-near',
      type: 'circle',
      source: 'focus',
      filter: ['==', ['get', 'kind'], 'near'],
      paint: {
        'circle-radius': 6,
        'circle-color': of.mark,
        'circle-stroke-color': of.surface,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'focus-pick',
      type: 'circle',
      source: 'focus',
      filter: ['==', ['get', 'kind'], 'pick'],
      paint: {
        'circle-radius': 8,
        'circle-color': of.primary,
        'circle-stroke-color': of.surface,
        'circle-stroke-width': 3,
      },
    },
  ];
}
