import type { Lamp } from '@wanmi/contracts';
import { colours, type Mode } from '../tokens.ts';

/** Lamps as pictures for the map: the same shapes as in lists, with a white edge on any ground. */
const RATIO = 2;

export interface Shape {
  name: string;
  data: ImageData;
  ratio: number;
}

type MapLamp = Lamp | 'none';
const LAMPS: MapLamp[] = ['green', 'yellow', 'red', 'paused', 'none'];

export function lampShapes(mode: Mode): Shape[] {
  return [
    ...LAMPS.map((lamp) => draw(`lamp-${lamp}`, 20, lamp, mode)),
    ...LAMPS.map((lamp) => draw(`cluster-${lamp}`, 44, lamp, mode)),
  ];
}

function draw(name: string, size: number, lamp: MapLamp, mode: Mode): Shape {
  const canvas = document.createElement('canvas');
  canvas.width = size * RATIO;
  canvas.height = size * RATIO;
  const pen = canvas.getContext('2d')!;
  pen.scale((size * RATIO) / 20, (size * RATIO) / 20);
  const of = colours[mode];
  pen.lineWidth = size > 30 ? 1 : 2;
  pen.lineJoin = 'round';
  pen.strokeStyle = of.surface;
  pen.fillStyle = {
    green: of.lampGreen,
    yellow: of.lampYellow,
    red: of.lampRed,
    paused: of.lampPaused,
    none: of.lineStrong,
  }[lamp];
  outline(pen, lamp);
  pen.fill();
  pen.stroke();
  return { name, data: pen.getImageData(0, 0, canvas.width, canvas.height), ratio: RATIO };
}

function outline(pen: CanvasRenderingContext2D, lamp: MapLamp): void {
  pen.beginPath();
  switch (lamp) {
    case 'yellow':
      pen.moveTo(10, 1.5);
      pen.lineTo(19, 18);
      pen.lineTo(1, 18);
      pen.closePath();
      break;
    case 'red':
      pen.rect(3, 3, 14, 14);
      break;
    case 'paused':
      pen.rect(3.5, 3, 5.5, 14);
      pen.rect(11, 3, 5.5, 14);
      break;
    default:
      pen.arc(10, 10, 7.5, 0, Math.PI * 2);
  }
}
