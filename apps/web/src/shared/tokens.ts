/**
 * The one list of colours and sizes: CSS variables and the kit's theme are made from it. Lamp colours are
 * used for lamps alone; `danger` is what a button or a wrong field wears, so that red always means overdue.
 * Every text pair is at least 4.5:1, every shape at least 3:1 (tokens.test.ts counts).
 */
export interface Colours {
  primary: string;
  primaryHover: string;
  primaryInk: string;
  primarySoft: string;
  onPrimary: string;
  ink: string;
  secondary: string;
  placeholder: string;
  line: string;
  lineStrong: string;
  ground: string;
  surface: string;
  sunken: string;
  danger: string;
  dangerSoft: string;
  mark: string;
  lampGreen: string;
  lampYellow: string;
  lampYellowSoft: string;
  lampYellowInk: string;
  lampRed: string;
  lampPaused: string;
  mapWater: string;
  mapPark: string;
  mapRoad: string;
  mapRoadEdge: string;
  mapBuilding: string;
  mapLand: string;
  mapLabel: string;
  mapGrid: string;
}

export type Mode = 'light' | 'dark';

export const colours: Record<Mode, Colours> = {
  light: {
    primary: '#1456d9',
    primaryHover: '#1049b8',
    primaryInk: '#1456d9',
    primarySoft: '#eaf1fe',
    onPrimary: '#ffffff',
    ink: '#1b2430',
    secondary: '#5b6675',
    placeholder: '#6b7685',
    line: '#dfe4ea',
    lineStrong: '#8994a3',
    ground: '#f5f7fa',
    surface: '#ffffff',
    sunken: '#eef1f5',
    danger: '#9b1c46',
    dangerSoft: '#fbeef2',
    mark: '#6d3fc4',
    lampGreen: '#12805c',
    lampYellow: '#b7791f',
    lampYellowSoft: '#fff4d6',
    lampYellowInk: '#855300',
    lampRed: '#c9281d',
    lampPaused: '#6b7685',
    mapWater: '#d5e3ee',
    mapPark: '#e1ebdd',
    mapRoad: '#ffffff',
    mapRoadEdge: '#cdd4dd',
    mapBuilding: '#e1e5ea',
    mapLand: '#eef1f4',
    mapLabel: '#5b6675',
    mapGrid: '#8fa0b8',
  },
  dark: {
    primary: '#2b66e3',
    primaryHover: '#2358cb',
    primaryInk: '#7fabff',
    primarySoft: '#1b2c4d',
    onPrimary: '#ffffff',
    ink: '#e6ebf2',
    secondary: '#a3afc0',
    placeholder: '#8d9aad',
    line: '#2a3648',
    lineStrong: '#66748a',
    ground: '#0f1623',
    surface: '#161f2e',
    sunken: '#111a28',
    danger: '#f48aa8',
    dangerSoft: '#38192a',
    mark: '#b79bf2',
    lampGreen: '#3fb68b',
    lampYellow: '#e0a43a',
    lampYellowSoft: '#3a2f14',
    lampYellowInk: '#f0c067',
    lampRed: '#f4756b',
    lampPaused: '#8d9aad',
    mapWater: '#12263a',
    mapPark: '#16281f',
    mapRoad: '#2c3a4e',
    mapRoadEdge: '#1b2636',
    mapBuilding: '#1e2938',
    mapLand: '#131c2a',
    mapLabel: '#a3afc0',
    mapGrid: '#4d6180',
  },
};

export const size = {
  font: 14,
  lineHeight: 22 / 14,
  fontSmall: 12,
  fontTitle: 20,
  radius: 6,
  step: 4,
  topBar: 48,
  rail: 64,
};

export const fonts =
  '-apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", system-ui, sans-serif';

/** Writes the variables on the root element: through the object model, which a strict CSP allows. */
export function applyTokens(mode: Mode, root: HTMLElement = document.documentElement): void {
  root.dataset['theme'] = mode;
  root.style.colorScheme = mode;
  for (const [name, value] of Object.entries(cssVariables(mode))) root.style.setProperty(name, value);
}

export function cssVariables(mode: Mode): Record<string, string> {
  const entries = Object.entries(colours[mode]).map(([name, value]) => [`--${kebab(name)}`, value]);
  return {
    ...(Object.fromEntries(entries) as Record<string, string>),
    '--font': fonts,
    '--radius': `${size.radius}px`,
    '--top-bar': `${size.topBar}px`,
    '--rail': `${size.rail}px`,
  };
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
