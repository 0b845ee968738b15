import { createHash } from 'node:crypto';
import sharp from 'sharp';

const WIDTH = 64;
const HEIGHT = 48;

/** A small picture that looks like no other: eight by six grey cells out of a hash of its name. */
export function picture(name: string): Promise<Buffer> {
  const cells = createHash('sha512').update(name).digest();
  const pixels = Buffer.alloc(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      pixels[y * WIDTH + x] = cells[Math.floor(y / 8) * 8 + Math.floor(x / 8)]!;
    }
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    .png()
    .toBuffer();
}

/** A multipart/form-data request with one part `file`. */
export function fileUpload(bytes: Buffer, type = 'image/png'): { contentType: string; payload: Buffer } {
  const mark = 'wanmi-test-boundary';
  const head = `--${mark}\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: ${type}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${mark}`,
    payload: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${mark}--\r\n`)]),
  };
}
