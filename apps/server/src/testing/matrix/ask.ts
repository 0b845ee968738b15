import type { Permission } from '@wanmi/contracts';
import { expect } from 'vitest';
import { uuidv7 } from '../../platform/ids.ts';
import { START } from '../platform.ts';
import type { CityKey, Planted } from '../scene.ts';
import type { Viewer } from '../viewers.ts';
import type { TestCity } from '../world.ts';

/** One request, and what it must be answered with when its sender holds the route's permission. */
export interface Ask {
  readonly what: string;
  readonly url: string;
  readonly body?: object;
  readonly status: number;
  /** It would succeed and change something: sent only by those who are refused. */
  readonly does?: boolean;
  /** What a 200 must hold; JSON, or the bytes of anything else. */
  readonly check?: (body: unknown) => void;
}

export interface Rule {
  readonly access: 'public' | 'signedIn' | Permission;
  /** Refused (403) beyond the permission. */
  readonly refuses?: (viewer: Viewer) => boolean;
  /** The same request for something that nobody has: what `asks` expects to be 404 must be answered alike. */
  readonly unknown?: (viewer: Viewer) => Pick<Ask, 'url' | 'body'>;
  asks(viewer: Viewer, scene: Scene): readonly Ask[];
}

export type Rules = Readonly<Record<string, Rule>>;

export interface Scene {
  readonly viewers: readonly Viewer[];
  readonly planted: readonly Planted[];
  /** Uploaded photos that are in no case yet, with their uploader. */
  readonly loose: readonly { readonly id: string; readonly personId: string }[];
  readonly notices: readonly { readonly id: string; readonly postId: string }[];
  /** One asset of each city, at the same place. */
  readonly assets: Readonly<Record<CityKey, string>>;
  /** A control of each city: of lids in the western district. */
  readonly controls: Readonly<Record<CityKey, string>>;
  /** Shifts, an absence and a hand-over of each city. */
  readonly duty: Readonly<Record<CityKey, PlantedDuty>>;
  readonly cities: Readonly<Record<CityKey, TestCity>>;
}

/** Ids of what duty-rules.ts planted. */
export interface PlantedDuty {
  readonly shift: string;
  /** Of the second department alone. */
  readonly unitShift: string;
  /** Of the first crew. */
  readonly absence: string;
  /** Of the second crew. */
  readonly handover: string;
}

export interface Page {
  items: Record<string, unknown>[];
  next: string | null;
}

export const api = (path: string): string => `/api/v1${path}`;
/** An id like any other, which nobody has. */
export const nobodys = (): string => uuidv7(START);
export const neighbour = ({ city }: Viewer): CityKey => (city === 'h' ? 'n' : 'h');
export const sorted = (ids: Iterable<unknown>): string[] => [...ids].map(String).sort();

/** Inside the first unit grid of both cities: they lie on the same ground. */
export const POINT = { lon: 116.00052, lat: 30.00135 };
export const BOX = '115.9,29.9,116.1,30.1';

export const expecting = <T>(check: (body: T) => void) => check as (body: unknown) => void;

/** A page that holds exactly these, and there is no other. */
export const exactly = (ids: Iterable<string>, of = 'id') =>
  expecting(({ items, next }: Page) => {
    expect(next).toBeNull();
    expect(sorted(items.map((item) => item[of]))).toEqual(sorted(ids));
  });

export const ok = (what: string, url: string, check?: Ask['check']): Ask => ({
  what,
  url,
  status: 200,
  ...(check ? { check } : {}),
});

/** A filter that names what is out of reach finds nothing, as one that names what nobody has. */
export const nothing = (what: string, url: string): Ask => ok(what, url, exactly([]));

/** The same requests for everybody. */
export const fixed = (access: Rule['access'], ...asks: readonly Ask[]): Rule => ({
  access,
  asks: () => asks,
});

export const seen = (viewer: Viewer, { planted }: Scene): Planted[] =>
  planted.filter((one) => viewer.sees(one));

/** Lists are cut by reach: that a case lies on one's desk opens the case, and the list of tasks. */
export const listed = (viewer: Viewer, scene: Scene): Planted[] =>
  seen(viewer, scene).filter((one) => viewer.reach.kind === 'city' || one.district !== null);

export const hidden = (viewer: Viewer, { planted }: Scene): Planted[] =>
  planted.filter((one) => !viewer.sees(one));

export const waiting = (viewer: Viewer, { planted }: Scene): Planted[] =>
  planted.filter((one) => one.city === viewer.city && one.waits.includes(viewer.name));
