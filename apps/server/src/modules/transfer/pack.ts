import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ZipFile } from 'yazl';

const BLOCK = 512;

/** A folder's files as one archive: `.zip` or `.tar.gz`, by the name of the target. Nothing of it is held in memory. */
export async function packFolder(
  folder: string,
  files: readonly string[],
  target: string,
  at: number,
): Promise<void> {
  const out = createWriteStream(target, { flags: 'wx', mode: 0o600 });
  if (target.endsWith('.zip')) await pipeline(zipOf(folder, files, at), out);
  else await pipeline(Readable.from(tarOf(folder, files, at)), createGzip(), out);
}

function zipOf(folder: string, files: readonly string[], at: number): NodeJS.ReadableStream {
  const zip = new ZipFile();
  // Photos and films are packed already.
  for (const name of files) {
    const compress = !/^media\/[0-9a-f]{2}\//.test(name) && !name.endsWith('.gz');
    zip.addFile(path.join(folder, name), name, { compress, mtime: new Date(at), mode: 0o100_644 });
  }
  zip.end();
  return zip.outputStream;
}

async function* tarOf(folder: string, files: readonly string[], at: number): AsyncGenerator<Uint8Array> {
  for (const name of files) {
    const file = path.join(folder, name);
    const { size } = await stat(file);
    yield headerOf(name, size, at);
    for await (const chunk of createReadStream(file)) yield chunk as Uint8Array;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** ustar; a file of 8 GB and more has its size in base 256, as GNU tar and all others read it. */
function headerOf(name: string, size: number, at: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, from: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), from, 'latin1');
  };
  header.write(name, 0, 100, 'utf8');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (size < 8 ** 11) octal(size, 124, 12);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(Math.floor(at / 1000), 136, 12);
  header.write(' '.repeat(8), 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
