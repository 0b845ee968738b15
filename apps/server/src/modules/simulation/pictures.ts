import { createRandom, drawPhoto, type Subject } from '@wanmi/simulator';
import { uuidv7 } from '#platform/ids';
import { inspect, makeServed, thumbnail } from '#platform/image';
import type { Platform } from '#platform/platform';
import { Readable } from 'node:stream';

/** A file that is there once, however many cases show it. */
interface Picture {
  readonly sha256: string;
  readonly servedSha256: string | null;
  readonly servedMime: string | null;
  readonly thumbnailSha256: string | null;
  readonly mime: string;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
}

/** A row of `media`: one photo that one person took. */
export interface MadeMedia extends Picture {
  readonly id: string;
  readonly postId: string;
  readonly at: number;
  readonly lon: number | null;
  readonly lat: number | null;
}

const VARIANTS = 2;
const MAX_BYTES = 10_000_000;

/**
 * The photos of a run: each case has its own rows, which name the same few drawn files by their content. They are not
 * marked as looking alike, which is what the photos of a real city would be asked for.
 */
export class Pictures {
  readonly #platform: Platform;
  readonly #timeZone: string;
  readonly #drawn = new Map<string, Promise<Picture>>();
  readonly #own = new Set<string>();
  #made: MadeMedia[] = [];

  constructor(platform: Platform, timeZone: string) {
    this.#platform = platform;
    this.#timeZone = timeZone;
  }

  /** A file is drawn when it is first shown. */
  async take(
    ask: { subject: Subject; state: 'before' | 'after'; label: string },
    by: { postId: string; at: number; lon: number | null; lat: number | null },
  ): Promise<string> {
    const { subject, state } = ask;
    const n = createRandom('picture', ask.label).int(0, VARIANTS - 1);
    const key = `${subject} ${state} ${n}`;
    let picture = this.#drawn.get(key);
    if (!picture) {
      const photo = drawPhoto({ seed: `simulated ${n}`, subject, state, hour: 9 + 5 * n });
      this.#drawn.set(key, (picture = store(this.#platform, photo.bytes, this.#timeZone)));
    }
    const id = uuidv7(by.at);
    this.#made.push({ ...(await picture), ...by, id });
    this.#own.add(id);
    return id;
  }

  owns(id: string): boolean {
    return this.#own.has(id);
  }

  /** Those that are not written yet; asked once. */
  flush(): MadeMedia[] {
    const made = this.#made;
    this.#made = [];
    this.#own.clear();
    return made;
  }
}

async function store({ blobs }: Platform, bytes: Uint8Array, timeZone: string): Promise<Picture> {
  const limit = { maxBytes: MAX_BYTES };
  const { sha256 } = await blobs.put(Readable.from([bytes]), limit);
  const path = blobs.path(sha256);
  const facts = await inspect(path, { timeZone });
  const served = await makeServed(path);
  const small = await thumbnail(path);
  return {
    sha256,
    servedSha256: served && (await blobs.put(served.bytes, limit)).sha256,
    servedMime: served?.mime ?? null,
    thumbnailSha256: small && (await blobs.put(small.bytes, limit)).sha256,
    mime: facts.mime,
    bytes: bytes.byteLength,
    width: facts.width ?? null,
    height: facts.height ?? null,
  };
}
