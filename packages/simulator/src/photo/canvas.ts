export type Colour = readonly [red: number, green: number, blue: number];
type Vertex = readonly [x: number, y: number];

/** A picture in memory: 8 bits a channel, painted over from back to front. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
  }

  /** One row of one colour, cut to the picture. */
  span(y: number, from: number, to: number, colour: Colour): void {
    if (y < 0 || y >= this.height) return;
    const end = Math.min(this.width, Math.ceil(to));
    for (let x = Math.max(0, Math.round(from)); x < end; x += 1) {
      const at = (y * this.width + x) * 3;
      this.pixels[at] = colour[0];
      this.pixels[at + 1] = colour[1];
      this.pixels[at + 2] = colour[2];
    }
  }

  rect(x0: number, y0: number, x1: number, y1: number, colour: Colour): void {
    for (let y = Math.round(y0); y < Math.round(y1); y += 1) this.span(y, x0, x1, colour);
  }

  ellipse(cx: number, cy: number, rx: number, ry: number, colour: Colour): void {
    for (let y = Math.ceil(cy - ry); y <= cy + ry; y += 1) {
      const half = rx * Math.sqrt(Math.max(0, 1 - ((y - cy) / ry) ** 2));
      this.span(y, cx - half, cx + half, colour);
    }
  }

  /** Even-odd, row by row. */
  polygon(vertices: readonly Vertex[], colour: Colour): void {
    const ys = vertices.map(([, y]) => y);
    for (let y = Math.ceil(Math.min(...ys)); y <= Math.max(...ys); y += 1) {
      const crossings: number[] = [];
      vertices.forEach(([x1, y1], i) => {
        const [x2, y2] = vertices[(i + 1) % vertices.length] as Vertex;
        if (y1 <= y !== y2 <= y) crossings.push(x1 + ((y - y1) * (x2 - x1)) / (y2 - y1));
      });
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2)
        this.span(y, crossings[i] as number, crossings[i + 1] as number, colour);
    }
  }

  /** Makes every pixel lighter or darker by what `by` says of its place (0 … 1 from west and north). */
  shade(by: (u: number, v: number) => number): void {
    for (let y = 0; y < this.height; y += 1)
      for (let x = 0; x < this.width; x += 1) {
        const at = (y * this.width + x) * 3;
        const light = by(x / this.width, y / this.height);
        for (let channel = 0; channel < 3; channel += 1) {
          const value = (this.pixels[at + channel] as number) + light;
          this.pixels[at + channel] = value < 0 ? 0 : value > 255 ? 255 : value;
        }
      }
  }
}

export const mix = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];
