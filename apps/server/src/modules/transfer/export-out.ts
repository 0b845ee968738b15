import { createHash } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

export interface FileEntry {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Lines of data, where it has any. */
  readonly rows: number | null;
}

const FLUSH = 256 * 1024;

/** A folder that is written file by file, each with its hash. */
export class Out {
  readonly files: FileEntry[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Writes a file from pieces; `rows` counts them unless it is told otherwise. */
  async write(
    name: string,
    pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
    rows: 'pieces' | 'none' | 'piecesWithHead' = 'none',
  ): Promise<void> {
    const file = path.join(this.#root, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'wx', 0o600);
    try {
      const sink = new Sink(handle);
      let count = 0;
      for await (const piece of pieces) {
        await sink.add(piece);
        count += 1;
      }
      const { sha256, bytes } = await sink.end();
      this.files.push({
        path: name,
        sha256,
        bytes,
        rows: rows === 'none' ? null : rows === 'pieces' ? count : count - 1,
      });
    } finally {
      await handle.close();
    }
  }
}

class Sink {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #parts: Buffer[] = [];
  #size = 0;
  #bytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async add(piece: string | Uint8Array): Promise<void> {
    const bytes =
      typeof piece === 'string'
        ? Buffer.from(piece, 'utf8')
        : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= FLUSH) await this.#flush();
  }

  async end(): Promise<{ sha256: string; bytes: number }> {
    await this.#flush();
    await this.#handle.sync();
    return { sha256: this.#hash.digest('hex'), bytes: this.#bytes };
  }

  async #flush(): Promise<void> {
    const chunk = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
    await this.#handle.appendFile(chunk);
  }
}
