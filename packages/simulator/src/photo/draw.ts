import { createRandom, type Random } from '../geo/random.ts';
import { Canvas, mix, type Colour } from './canvas.ts';
import { encodeExif, type Shot } from './exif.ts';
import { encodePng } from './png.ts';

/** What a picture is about; every category of a report names one. */
export const SUBJECTS = [
  'rubbish',
  'rubble',
  'hole',
  'cover',
  'lamp',
  'tree',
  'stall',
  'vehicle',
  'poster',
  'water',
  'bin',
  'post',
  'fence',
  'smoke',
] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface PhotoAsk {
  /** The same seed shows the same street: before and after are taken from one spot. */
  seed: string;
  subject: Subject;
  state: 'before' | 'after';
  /** Hour of the day: nights are dark. */
  hour?: number;
  shot?: Shot;
}

export interface Photo {
  bytes: Uint8Array<ArrayBuffer>;
  mime: 'image/png';
}

const WIDTH = 400;
const HEIGHT = 300;

/** A drawn street with the problem in it, or with the problem solved. No two seeds look alike. */
export function drawPhoto(ask: PhotoAsk): Photo {
  const random = createRandom(ask.seed, 'street');
  const canvas = new Canvas(WIDTH, HEIGHT);
  const night = ask.hour !== undefined && (ask.hour < 6 || ask.hour >= 19);
  const street = paintStreet(canvas, random, night);
  PAINTERS[ask.subject](canvas, createRandom(ask.seed, ask.subject), street, ask.state === 'after');
  // Light is never even: nine by eight patches of it also keep one street from being taken for another's photo.
  canvas.shade(patches(random, night ? -46 : 0));
  return { bytes: encodePng(canvas, ask.shot ? encodeExif(ask.shot) : null), mime: 'image/png' };
}

interface Street {
  horizon: number;
  kerb: number;
  /** Where the problem lies. */
  x: number;
  y: number;
  night: boolean;
}

const SKY: readonly Colour[] = [
  [166, 200, 228],
  [190, 206, 214],
  [214, 210, 196],
  [150, 186, 220],
];
const WALLS: readonly Colour[] = [
  [196, 178, 152],
  [172, 164, 158],
  [204, 190, 176],
  [152, 138, 128],
  [182, 194, 196],
  [190, 158, 138],
];

function paintStreet(canvas: Canvas, random: Random, night: boolean): Street {
  const horizon = random.between(96, 132);
  const kerb = random.between(186, 214);
  const sky: Colour = night ? [38, 46, 70] : random.pick(SKY);
  for (let y = 0; y < horizon; y += 1)
    canvas.span(y, 0, WIDTH, mix(sky, [238, 238, 232], (night ? 0.1 : 0.6) * (y / horizon)));
  for (let x = -random.int(0, 40); x < WIDTH;) {
    const wide = random.int(46, 118);
    paintHouse(canvas, random, x, wide, horizon, kerb, night);
    x += wide + random.int(0, 14);
  }
  const pavement: Colour = [176, 170, 162];
  canvas.rect(0, horizon + 34, WIDTH, kerb, pavement);
  for (let x = random.int(0, 24); x < WIDTH; x += 24)
    canvas.rect(x, horizon + 34, x + 1, kerb, [158, 152, 145]);
  canvas.rect(0, kerb - 4, WIDTH, kerb, [206, 204, 198]);
  canvas.rect(0, kerb, WIDTH, HEIGHT, [92, 94, 98]);
  for (let x = -random.int(0, 60); x < WIDTH; x += 74)
    canvas.rect(x, kerb + 58, x + 40, kerb + 62, [222, 220, 210]);
  return { horizon, kerb, x: random.between(120, 280), y: kerb - random.between(8, 26), night };
}

function paintHouse(
  canvas: Canvas,
  random: Random,
  x: number,
  wide: number,
  horizon: number,
  kerb: number,
  night: boolean,
): void {
  const top = horizon - random.between(14, 88);
  const wall = random.pick(WALLS);
  canvas.rect(x, top, x + wide, kerb - 30, wall);
  canvas.rect(x, top, x + wide, top + 3, mix(wall, [60, 56, 54], 0.5));
  for (let y = top + 12; y < horizon + 8; y += 20)
    for (let w = x + 8; w + 10 < x + wide; w += 20)
      canvas.rect(w, y, w + 10, y + 12, night && random.chance(0.4) ? [240, 208, 132] : [92, 110, 128]);
  canvas.rect(
    x + 4,
    horizon + 16,
    x + wide - 4,
    horizon + 26,
    random.pick([
      [168, 54, 48],
      [40, 96, 146],
      [38, 118, 86],
      [184, 132, 44],
    ] as const),
  );
}

/** Nine by eight patches of light, joined smoothly. */
function patches(random: Random, base: number): (u: number, v: number) => number {
  const cells = Array.from({ length: 10 * 9 }, () => random.between(-26, 26));
  const at = (i: number, j: number): number => cells[j * 10 + i] as number;
  return (u, v) => {
    const x = u * 9;
    const y = v * 8;
    const i = Math.min(8, Math.floor(x));
    const j = Math.min(7, Math.floor(y));
    const [fx, fy] = [x - i, y - j];
    const north = at(i, j) * (1 - fx) + at(i + 1, j) * fx;
    const south = at(i, j + 1) * (1 - fx) + at(i + 1, j + 1) * fx;
    return base + north * (1 - fy) + south * fy;
  };
}

type Painter = (canvas: Canvas, random: Random, street: Street, solved: boolean) => void;

const heap = (canvas: Canvas, random: Random, { x, y }: Street, colours: readonly Colour[]): void => {
  for (let i = 0; i < 26; i += 1) {
    const dx = random.between(-58, 58);
    const size = random.between(6, 17);
    const up = Math.max(0, 30 - Math.abs(dx) * 0.6) * random.next();
    canvas.ellipse(x + dx, y - up, size, size * random.between(0.5, 0.9), random.pick(colours));
  }
};

/** How each problem looks before, and what is there afterwards. */
const PAINTERS: Record<Subject, Painter> = {
  rubbish(canvas, random, street, solved) {
    if (!solved)
      heap(canvas, random, street, [
        [58, 62, 68],
        [226, 226, 220],
        [196, 72, 58],
        [70, 128, 176],
        [138, 116, 82],
      ]);
  },
  rubble(canvas, random, street, solved) {
    if (!solved)
      heap(canvas, random, street, [
        [150, 132, 112],
        [178, 158, 136],
        [120, 106, 94],
        [196, 182, 164],
      ]);
  },
  hole(canvas, random, { x, kerb }, solved) {
    const y = kerb + 34;
    const outline = Array.from({ length: 14 }, (_, i) => {
      const angle = (i / 14) * Math.PI * 2;
      return [
        x + Math.cos(angle) * random.between(44, 66),
        y + Math.sin(angle) * random.between(12, 20),
      ] as const;
    });
    canvas.polygon(outline, solved ? [66, 68, 72] : [48, 44, 42]);
    if (!solved) canvas.ellipse(x, y + 3, 34, 8, [84, 74, 64]);
  },
  cover(canvas, _random, { x, kerb }, solved) {
    const y = kerb + 38;
    canvas.ellipse(x, y, 46, 16, [70, 72, 76]);
    canvas.ellipse(x, y, 40, 13, solved ? [118, 116, 112] : [20, 20, 24]);
    if (solved)
      for (let i = -3; i <= 3; i += 1)
        canvas.rect(x + i * 10 - 2, y - 9, x + i * 10 + 2, y + 9, [98, 96, 94]);
    else
      canvas.polygon(
        [
          [x + 30, y - 26],
          [x + 78, y - 14],
          [x + 70, y - 2],
          [x + 24, y - 12],
        ],
        [124, 120, 114],
      );
  },
  lamp(canvas, _random, { x, y, night }, solved) {
    canvas.rect(x - 3, 36, x + 3, y, [84, 88, 92]);
    canvas.polygon(
      [
        [x, 34],
        [x + 58, 26],
        [x + 58, 32],
        [x, 42],
      ],
      [84, 88, 92],
    );
    if (solved) canvas.ellipse(x + 56, 34, night ? 26 : 14, night ? 18 : 9, [255, 238, 176]);
    canvas.ellipse(x + 56, 32, 12, 5, solved ? [255, 250, 220] : [60, 62, 66]);
  },
  tree(canvas, random, { x, y }, solved) {
    if (solved) {
      canvas.rect(x - 5, y - 84, x + 5, y, [104, 82, 62]);
      for (let i = 0; i < 16; i += 1)
        canvas.ellipse(x + random.between(-34, 34), y - 96 + random.between(-26, 26), 20, 16, [
          74,
          random.int(118, 150),
          72,
        ]);
      return;
    }
    canvas.polygon(
      [
        [x - 70, y - 6],
        [x + 6, y - 26],
        [x + 8, y - 16],
        [x - 66, y + 6],
      ],
      [104, 82, 62],
    );
    for (let i = 0; i < 16; i += 1)
      canvas.ellipse(x - 92 + random.between(-34, 30), y - 4 + random.between(-18, 10), 18, 12, [
        104,
        random.int(112, 132),
        60,
      ]);
  },
  stall(canvas, random, { x, y }, solved) {
    if (solved) return;
    const cloth = random.pick([
      [196, 60, 54],
      [52, 110, 168],
      [60, 140, 88],
    ] as const);
    canvas.polygon(
      [
        [x - 76, y - 70],
        [x + 76, y - 70],
        [x + 60, y - 96],
        [x - 60, y - 96],
      ],
      cloth,
    );
    for (const dx of [-68, 66]) canvas.rect(x + dx, y - 70, x + dx + 3, y + 6, [120, 120, 120]);
    canvas.rect(x - 66, y - 26, x + 66, y - 4, [172, 138, 96]);
    for (let i = 0; i < 22; i += 1)
      canvas.ellipse(x + random.between(-60, 60), y - 30, 5, 5, [
        random.int(150, 230),
        random.int(80, 200),
        60,
      ]);
  },
  vehicle(canvas, random, { x, y }, solved) {
    if (solved) return;
    const paint = random.pick([
      [230, 230, 228],
      [40, 44, 52],
      [150, 40, 44],
      [58, 96, 150],
    ] as const);
    canvas.polygon(
      [
        [x - 84, y],
        [x - 84, y - 24],
        [x - 50, y - 28],
        [x - 30, y - 52],
        [x + 34, y - 52],
        [x + 56, y - 28],
        [x + 84, y - 22],
        [x + 84, y],
      ],
      paint,
    );
    canvas.polygon(
      [
        [x - 42, y - 28],
        [x - 26, y - 47],
        [x + 30, y - 47],
        [x + 46, y - 28],
      ],
      [70, 88, 104],
    );
    for (const dx of [-50, 50]) canvas.ellipse(x + dx, y, 15, 15, [34, 34, 36]);
  },
  poster(canvas, random, { x, horizon }, solved) {
    canvas.rect(x - 70, horizon - 4, x + 70, horizon + 66, [198, 192, 182]);
    if (solved) return;
    for (let i = 0; i < 14; i += 1) {
      const [px, py] = [x + random.between(-66, 44), horizon + random.between(0, 44)];
      canvas.rect(
        px,
        py,
        px + 22,
        py + 17,
        random.pick([
          [240, 238, 226],
          [236, 210, 90],
          [222, 120, 110],
        ] as const),
      );
      for (let line = 4; line < 14; line += 4)
        canvas.rect(px + 3, py + line, px + 18, py + line + 1, [90, 70, 70]);
    }
  },
  water(canvas, random, { x, kerb }, solved) {
    canvas.ellipse(x, kerb + 34, solved ? 30 : 132, solved ? 4 : 27, solved ? [80, 82, 86] : [112, 132, 148]);
    if (solved) return;
    for (let i = 0; i < 8; i += 1)
      canvas.rect(
        x + random.between(-90, 50),
        kerb + random.between(20, 48),
        x + random.between(50, 96),
        kerb + 35,
        [126, 146, 160],
      );
  },
  bin(canvas, random, { x, y }, solved) {
    canvas.rect(x - 24, y - 58, x + 24, y, [44, 110, 78]);
    canvas.rect(x - 28, y - 64, x + 28, y - 56, [36, 90, 66]);
    if (solved) return;
    for (let i = 0; i < 12; i += 1)
      canvas.ellipse(x + random.between(-46, 46), y - (random.chance(0.4) ? 66 : 2), 10, 7, [
        random.int(60, 220),
        190,
        180,
      ]);
  },
  post(canvas, _random, { x, y }, solved) {
    const steel: Colour = [126, 130, 134];
    if (solved) {
      canvas.rect(x - 3, y - 104, x + 3, y, steel);
      canvas.rect(x - 40, y - 118, x + 40, y - 92, [44, 92, 164]);
    } else {
      canvas.polygon(
        [
          [x, y],
          [x + 6, y - 2],
          [x + 70, y - 62],
          [x + 65, y - 67],
        ],
        steel,
      );
      canvas.polygon(
        [
          [x + 36, y - 88],
          [x + 58, y - 104],
          [x + 104, y - 48],
          [x + 84, y - 34],
        ],
        [44, 92, 164],
      );
    }
  },
  fence(canvas, _random, { x, y }, solved) {
    for (let i = -4; i <= 4; i += 1) {
      const broken = !solved && Math.abs(i) < 2;
      const px = x + i * 26;
      if (broken)
        canvas.polygon(
          [
            [px, y],
            [px + 4, y],
            [px + 26, y - 12],
            [px + 23, y - 16],
          ],
          [220, 220, 214],
        );
      else canvas.rect(px, y - 52, px + 4, y, [230, 230, 224]);
    }
    for (const up of [46, 20]) {
      canvas.rect(x - 104, y - up, solved ? x + 108 : x - 40, y - up + 5, [230, 230, 224]);
      if (!solved) canvas.rect(x + 52, y - up, x + 108, y - up + 5, [230, 230, 224]);
    }
  },
  smoke(canvas, random, { x, y }, solved) {
    canvas.rect(x - 34, y - 24, x + 34, y - 12, [70, 66, 64]);
    if (solved) return;
    canvas.ellipse(x, y - 22, 24, 8, [236, 128, 48]);
    for (let i = 0; i < 22; i += 1) {
      const grey = random.int(150, 200);
      canvas.ellipse(x + random.between(-30, 50), y - 36 - i * 4, 12 + i * 0.8, 8 + i * 0.5, [
        grey,
        grey,
        grey,
      ]);
    }
  },
};
