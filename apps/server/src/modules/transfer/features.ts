import { problem } from '#platform/errors';

const MAX_FEATURE = 4 * 1024 * 1024;

/**
 * The features of a GeoJSON collection one by one, whatever its size: the objects of the array `features` of the
 * outermost object. Braces within texts are no braces.
 * @throws table.broken, table.bomb
 */
export async function* readFeatures(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<{ line: number; feature: Record<string, unknown> }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scan = new Scanner();
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw problem('table.bomb');
      yield* scan.take(decoder.decode(chunk, { stream: true }));
    }
    yield* scan.take(decoder.decode());
  } catch (error) {
    if (error instanceof TypeError) throw problem('csv.encoding', { encoding: 'utf-8' }, { cause: error });
    throw error;
  }
  if (!scan.ended || !scan.found) throw problem('table.broken', { line: scan.line });
}

class Scanner {
  line = 1;
  ended = false;
  found = false;
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** The key that stands before a value of the outermost object. */
  #key = '';
  #text = '';
  #inFeatures = false;
  #parts: string[] | null = null;
  #size = 0;
  #began = 1;

  *take(chunk: string): Generator<{ line: number; feature: Record<string, unknown> }> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const sign = chunk[at]!;
      if (sign === '\n') this.line += 1;
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (sign === '\\') this.#escaped = true;
        else if (sign === '"') {
          this.#inText = false;
          if (this.#depth === 1) this.#key = this.#text;
        }
        if (this.#inText && this.#depth === 1 && this.#text.length < 64) this.#text += sign;
        continue;
      }
      switch (sign) {
        case '"':
          this.#inText = true;
          this.#text = '';
          break;
        case '{':
        case '[':
          this.#depth += 1;
          if (this.#depth === 2 && sign === '[' && this.#key === 'features') {
            this.#inFeatures = true;
            this.found = true;
          } else if (this.#depth === 3 && this.#inFeatures) {
            this.#parts = [];
            this.#size = 0;
            this.#began = this.line;
            from = at;
          }
          break;
        case '}':
        case ']':
          this.#depth -= 1;
          if (this.#depth === 2 && this.#parts) {
            this.#parts.push(chunk.slice(from, at + 1));
            yield { line: this.#began, feature: this.#parsed(this.#parts.join('')) };
            this.#parts = null;
          }
          if (this.#depth === 1) this.#inFeatures = false;
          if (this.#depth === 0) this.ended = true;
          if (this.#depth < 0) throw problem('table.broken', { line: this.line });
          break;
      }
    }
    if (this.#parts) {
      const rest = chunk.slice(from);
      this.#size += rest.length;
      if (this.#size > MAX_FEATURE) throw problem('table.bomb', { line: this.#began });
      this.#parts.push(rest);
    }
  }

  #parsed(text: string): Record<string, unknown> {
    try {
      const feature: unknown = JSON.parse(text);
      if (typeof feature === 'object' && feature !== null && !Array.isArray(feature)) {
        return feature as Record<string, unknown>;
      }
    } catch (cause) {
      throw problem('table.broken', { line: this.#began }, { cause });
    }
    throw problem('table.broken', { line: this.#began });
  }
}
