import type { Lamp, Point } from '@wanmi/contracts';
import { LAMP_NAMES } from '@wanmi/contracts/words';
import {
  LngLatBounds,
  Map as GlMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
} from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '../i18n/index.ts';
import { useText } from '../i18n/text.ts';
import { Lamp as LampShape } from '../lamp/Lamp.tsx';
import { useMode } from '../mode.ts';
import { onTick, serverNow } from '../time/clock.ts';
import type { MapProps } from './CaseMap.tsx';
import styles from './map.module.css';
import { lampShapes } from './shapes.ts';
import { CASE_LAYERS, GRID_LAYERS, mapStyle } from './style.ts';
import { mapWords } from './words.ts';

setWorkerUrl(workerUrl);

const SOURCES = ['base', 'grid', 'case', 'asset'];
/** How often changed cases may make the map read its tiles again. */
const REFRESH = 5000;

export function MapCanvas(props: MapProps) {
  const { bounds, selected, pick, revision, label, autoFocus } = props;
  const { t, i18n } = useTranslation();
  const mode = useMode();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<GlMap | null>(null);
  // No WebGL: the list and the addresses say the same in words.
  const [drawable] = useState(canDraw);
  const [grids, setGrids] = useState(false);
  const [partial, setPartial] = useState(false);

  const start = useEffectEvent(() => ({
    bounds,
    center: selected?.point ?? pick?.point ?? null,
    words: mapWords(t),
  }));
  useEffect(() => {
    if (!box.current) return;
    const { bounds, center, words } = start();
    const made = new GlMap({
      container: box.current,
      style: mapStyle(mode, i18n.language as Language, location.origin),
      ...(center
        ? { center: [center.lon, center.lat], zoom: 16 }
        : bounds
          ? { bounds: new LngLatBounds(bounds), fitBoundsOptions: { padding: 16 } }
          : {}),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 19,
      fadeDuration: 0,
      locale: words,
    });
    made.touchZoomRotate.disableRotation();
    made.keyboard.disableRotation();
    made.addControl(new NavigationControl({ showCompass: false }), 'bottom-right');
    made.addControl(new ScaleControl({ maxWidth: 96 }), 'bottom-left');
    // Tiles that did not come: the rest of the map is still of use.
    made.on('error', () => setPartial(true));
    made.once('style.load', () => {
      for (const shape of lampShapes(mode)) {
        if (!made.hasImage(shape.name)) made.addImage(shape.name, shape.data, { pixelRatio: shape.ratio });
      }
      setMap(made);
    });
    return () => {
      setMap(null);
      made.remove();
    };
  }, [mode, i18n.language]);

  useFocus(map, props);
  useRefresh(map, revision);
  useClicks(map, props);

  useEffect(() => {
    if (!map) return;
    for (const layer of GRID_LAYERS) map.setLayoutProperty(layer, 'visibility', grids ? 'visible' : 'none');
  }, [map, grids]);

  const { lon, lat } = selected?.point ?? {};
  useEffect(() => {
    if (!map || lon === undefined || lat === undefined) return;
    const target: [number, number] = [lon, lat];
    const zoom = Math.max(map.getZoom(), 15);
    // A far jump is cut short: nobody learns anything from flying over a city.
    if (map.getBounds().contains(target)) map.easeTo({ center: target, zoom, duration: 200 });
    else map.jumpTo({ center: target, zoom });
  }, [map, lon, lat]);

  const focused = useEffectEvent(() => {
    if (autoFocus) map?.getCanvas().focus();
  });
  useEffect(() => focused(), [map]);

  function onKeyDown(event: KeyboardEvent) {
    if (!map || !pick || event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
    // Only while the cross is shown: after a click the point is chosen, and Enter belongs to the page.
    const canvas = map.getCanvas();
    if (event.target !== canvas || !canvas.matches(':focus-visible')) return;
    event.preventDefault();
    const { lng, lat } = map.getCenter();
    pick.onPick({ lon: lng, lat });
  }

  if (!drawable) return <p className={styles.failed}>{t('map.unsupported')}</p>;
  return (
    <section
      className={styles.frame}
      aria-label={label ?? t('map.region')}
      data-pick={pick !== undefined}
      onKeyDown={onKeyDown}
    >
      <div ref={box} className={styles.canvas} />
      {pick && <span className={styles.crosshair} aria-hidden />}
      <div className={styles.tools}>
        <button type="button" aria-pressed={grids} onClick={() => setGrids(!grids)}>
          {t('map.grids')}
        </button>
        {bounds && (
          <button
            type="button"
            onClick={() => map?.fitBounds(new LngLatBounds(bounds), { padding: 16, duration: 200 })}
          >
            {t('map.whole')}
          </button>
        )}
      </div>
      {partial && (
        <button
          type="button"
          className={styles.partial}
          onClick={() => {
            setPartial(false);
            for (const source of SOURCES) map?.refreshTiles(source);
          }}
        >
          {t('map.partial')} <strong>{t('state.retry')}</strong>
        </button>
      )}
      {!pick && <Legend />}
      {pick && <p className={styles.hint}>{t('map.pickHint')}</p>}
    </section>
  );
}

function canDraw(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}

function Legend() {
  const { t } = useTranslation();
  const text = useText();
  return (
    <ul className={styles.legend} aria-label={t('map.legend')}>
      {(['red', 'yellow', 'green'] as Lamp[]).map((lamp) => (
        <li key={lamp}>
          <LampShape lamp={lamp} size={12} label="" />
          {text(LAMP_NAMES[lamp])}
        </li>
      ))}
    </ul>
  );
}

/** The selected ring, the picked point and its neighbours are one small source of their own. */
function useFocus(map: GlMap | null, { selected, pick, near }: MapProps): void {
  const key = JSON.stringify([selected, pick?.point, near]);
  const draw = useEffectEvent(() => {
    const features = [
      ...(near ?? []).map((point) => feature(point, { kind: 'near' })),
      ...(pick?.point ? [feature(pick.point, { kind: 'pick' })] : []),
      ...(selected
        ? [feature(selected.point, { kind: 'selected', ...(selected.lamp ? { lamp: selected.lamp } : {}) })]
        : []),
    ];
    void map?.getSource<GeoJSONSource>('focus')?.setData({ type: 'FeatureCollection', features });
  });
  useEffect(() => {
    if (map) draw();
  }, [map, key]);
}

function feature(point: Point, properties: Record<string, string>): GeoJSON.Feature {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: [point.lon, point.lat] }, properties };
}

/** Cases changed, or a minute passed and lamps with it: read their tiles again, not on every single event. */
function useRefresh(map: GlMap | null, revision: number | undefined): void {
  const last = useRef(0);
  useEffect(() => {
    if (!map || revision === undefined) return;
    const wait = Math.max(0, last.current + REFRESH - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      map.refreshTiles('case');
    }, wait);
    return () => clearTimeout(timer);
  }, [map, revision]);
  useEffect(() => {
    if (!map) return;
    let minute = Math.floor(serverNow() / 60_000);
    return onTick(() => {
      const now = Math.floor(serverNow() / 60_000);
      if (now === minute || performance.now() - last.current < 30_000) return;
      minute = now;
      last.current = performance.now();
      map.refreshTiles('case');
    });
  }, [map]);
}

function useClicks(map: GlMap | null, { pick, onCase }: MapProps): void {
  const clicked = useEffectEvent((event: MapMouseEvent) => {
    if (pick) {
      pick.onPick({ lon: event.lngLat.lng, lat: event.lngLat.lat });
      return;
    }
    if (!map) return;
    const [hit] = map.queryRenderedFeatures(event.point, { layers: CASE_LAYERS });
    if (!hit) return;
    if (Number(hit.properties['count'] ?? 1) > 1) {
      map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2, duration: 200 });
      return;
    }
    const id: unknown = hit.properties['id'];
    if (typeof id === 'string') onCase?.(id);
  });
  const hovered = useEffectEvent((event: MapMouseEvent) => {
    if (!map || pick) return;
    const over = map.queryRenderedFeatures(event.point, { layers: CASE_LAYERS }).length > 0;
    map.getCanvas().style.cursor = over ? 'pointer' : '';
  });
  useEffect(() => {
    if (!map) return;
    const onClick = (event: MapMouseEvent) => clicked(event);
    const onMove = (event: MapMouseEvent) => hovered(event);
    map.on('click', onClick);
    map.on('mousemove', onMove);
    return () => {
      map.off('click', onClick);
      map.off('mousemove', onMove);
    };
  }, [map]);
}
