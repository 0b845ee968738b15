/** What a phone writes into a photo: when (with its zone) and where. Exif 2.32 in little-endian TIFF. */
export interface Shot {
  /** ISO 8601 with offset, e.g. 2026-03-02T09:15:00+08:00 */
  takenAt: string;
  lon: number;
  lat: number;
}

const ASCII = 2;
const LONG = 4;
const RATIONAL = 5;

interface Entry {
  tag: number;
  type: number;
  count: number;
  data: Uint8Array;
}

const ascii = (tag: number, text: string): Entry => {
  const data = new TextEncoder().encode(`${text}\0`);
  return { tag, type: ASCII, count: data.length, data };
};

function numbers(values: readonly number[]): Uint8Array {
  const data = new Uint8Array(values.length * 4);
  const view = new DataView(data.buffer);
  values.forEach((value, i) => view.setUint32(i * 4, value, true));
  return data;
}

const long = (tag: number, value: number): Entry => ({ tag, type: LONG, count: 1, data: numbers([value]) });

/** Degrees, minutes and seconds to 1/10,000: 3 mm. */
function degrees(tag: number, value: number): Entry {
  const seconds = Math.round(Math.abs(value) * 3600 * 10_000);
  const d = Math.floor(seconds / 36_000_000);
  const m = Math.floor((seconds - d * 36_000_000) / 600_000);
  const s = seconds - d * 36_000_000 - m * 600_000;
  return { tag, type: RATIONAL, count: 3, data: numbers([d, 1, m, 1, s, 10_000]) };
}

const sizeOf = (entries: readonly Entry[]): number =>
  6 + entries.length * 12 + entries.reduce((n, { data }) => n + (data.length > 4 ? even(data.length) : 0), 0);
const even = (n: number): number => n + (n % 2);

function writeDirectory(out: Uint8Array, at: number, entries: readonly Entry[]): void {
  const view = new DataView(out.buffer);
  view.setUint16(at, entries.length, true);
  let heap = at + 6 + entries.length * 12;
  entries.forEach(({ tag, type, count, data }, i) => {
    const to = at + 2 + i * 12;
    view.setUint16(to, tag, true);
    view.setUint16(to + 2, type, true);
    view.setUint32(to + 4, count, true);
    if (data.length <= 4) return out.set(data, to + 8);
    view.setUint32(to + 8, heap, true);
    out.set(data, heap);
    heap += even(data.length);
  });
}

export function encodeExif({ takenAt, lon, lat }: Shot): Uint8Array {
  const local = `${takenAt.slice(0, 10).replaceAll('-', ':')} ${takenAt.slice(11, 19)}`;
  const offset = /[+-]\d{2}:\d{2}$/.exec(takenAt)?.[0] ?? '+00:00';
  const photo = [ascii(0x9003, local), ascii(0x9011, offset)];
  const gps = [
    ascii(1, lat < 0 ? 'S' : 'N'),
    degrees(2, lat),
    ascii(3, lon < 0 ? 'W' : 'E'),
    degrees(4, lon),
  ];
  const base = (photoAt: number, gpsAt: number): Entry[] => [
    ascii(0x010f, 'Wanmi'),
    long(0x8769, photoAt),
    long(0x8825, gpsAt),
  ];
  const photoAt = 8 + sizeOf(base(0, 0));
  const gpsAt = photoAt + sizeOf(photo);
  const out = new Uint8Array(gpsAt + sizeOf(gps));
  out.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  writeDirectory(out, 8, base(photoAt, gpsAt));
  writeDirectory(out, photoAt, photo);
  writeDirectory(out, gpsAt, gps);
  return out;
}
