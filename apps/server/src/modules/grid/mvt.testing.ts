/** Just enough of a vector tile's format (protobuf) to look into one: layers, attributes, the first point. */
export interface DecodedFeature {
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Units of the tile, of the geometry's first vertex. */
  readonly at: readonly [x: number, y: number];
}

export function decodeMvt(bytes: Uint8Array): Map<string, DecodedFeature[]> {
  const layers = new Map<string, DecodedFeature[]>();
  for (const [field, value] of fieldsOf(bytes)) {
    if (field !== 3) continue;
    const parts = fieldsOf(value as Uint8Array);
    const texts = (wanted: number) => parts.filter(([f]) => f === wanted).map(([, v]) => v as Uint8Array);
    const name = utf8(texts(1)[0]!);
    const keys = texts(3).map(utf8);
    const values = texts(4).map(valueOf);
    const features = texts(2).map((feature) => featureOf(feature, keys, values));
    layers.set(name, [...(layers.get(name) ?? []), ...features]);
  }
  return layers;
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function featureOf(bytes: Uint8Array, keys: string[], values: (string | number)[]): DecodedFeature {
  const parts = fieldsOf(bytes);
  const packed = (wanted: number) =>
    numbersOf(parts.find(([f]) => f === wanted)?.[1] as Uint8Array | undefined);
  const tags = packed(2);
  const attributes: Record<string, string | number> = {};
  for (let i = 0; i + 1 < tags.length; i += 2) attributes[keys[tags[i]!]!] = values[tags[i + 1]!]!;
  const [, x, y] = packed(4);
  return { attributes, at: [zigzag(x ?? 0), zigzag(y ?? 0)] };
}

const zigzag = (n: number): number => (n >>> 1) ^ -(n & 1);

function valueOf(bytes: Uint8Array): string | number {
  const [field, value] = fieldsOf(bytes)[0]!;
  if (field === 1) return utf8(value as Uint8Array);
  return field === 6 ? zigzag(value as number) : (value as number);
}

function numbersOf(bytes: Uint8Array = new Uint8Array()): number[] {
  const numbers: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [value, next] = varint(bytes, at);
    numbers.push(value);
    at = next;
  }
  return numbers;
}

function fieldsOf(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  while (at < bytes.length) {
    const [key, next] = varint(bytes, at);
    const [value, end] = varint(bytes, next);
    if ((key & 7) === 2) {
      fields.push([key >>> 3, bytes.subarray(end, end + value)]);
      at = end + value;
    } else if ((key & 7) === 0) {
      fields.push([key >>> 3, value]);
      at = end;
    } else {
      at = next + ((key & 7) === 1 ? 8 : 4);
    }
  }
  return fields;
}

function varint(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  let at = from;
  let factor = 1;
  for (;;) {
    const byte = bytes[at++]!;
    value += (byte & 127) * factor;
    if (byte < 128) return [value, at];
    factor *= 128;
  }
}
