import type { TFunction } from 'i18next';

/** MapLibre's own words; `Map.Title` must differ from our region's label (axe: landmark-unique). */
export function mapWords(t: TFunction): Record<string, string> {
  return {
    'Map.Title': t('map.canvas'),
    'NavigationControl.ZoomIn': t('map.zoomIn'),
    'NavigationControl.ZoomOut': t('map.zoomOut'),
    'ScaleControl.Meters': t('map.metres'),
    'ScaleControl.Kilometers': t('map.kilometres'),
  };
}
