/** What jsdom leaves out of SVG and the drawing tool asks for: enough to put shapes somewhere, nothing is measured. */
class Matrix {
  a = 1;
  b = 0;
  c = 0;
  d = 1;
  e = 0;
  f = 0;
  translate(x: number, y: number): Matrix {
    return Object.assign(new Matrix(), { ...this, e: this.e + x * this.a, f: this.f + y * this.d });
  }
  scale(by: number): Matrix {
    return Object.assign(new Matrix(), { ...this, a: this.a * by, d: this.d * by });
  }
  multiply(other: Matrix): Matrix {
    return Object.assign(new Matrix(), {
      a: this.a * other.a,
      d: this.d * other.d,
      e: this.a * other.e + this.e,
      f: this.d * other.f + this.f,
    });
  }
  inverse(): Matrix {
    return Object.assign(new Matrix(), {
      a: 1 / this.a,
      d: 1 / this.d,
      e: -this.e / this.a,
      f: -this.f / this.d,
    });
  }
}

class Transform {
  matrix = new Matrix();
  type = 1;
  setMatrix(matrix: Matrix): void {
    this.matrix = matrix;
  }
  setTranslate(x: number, y: number): void {
    this.matrix = new Matrix().translate(x, y);
  }
  setRotate(): void {}
  setScale(by: number): void {
    this.matrix = new Matrix().scale(by);
  }
}

class Transforms {
  items: Transform[] = [];
  get numberOfItems(): number {
    return this.items.length;
  }
  getItem(n: number): Transform {
    return this.items[n]!;
  }
  clear(): void {
    this.items = [];
  }
  appendItem(one: Transform): Transform {
    this.items.push(one);
    return one;
  }
  initialize(one: Transform): Transform {
    this.items = [one];
    return one;
  }
  createSVGTransformFromMatrix(matrix: Matrix): Transform {
    return Object.assign(new Transform(), { matrix });
  }
  consolidate(): Transform | null {
    if (this.items.length === 0) return null;
    const all = this.items.reduce((sum, one) => sum.multiply(one.matrix), new Matrix());
    return this.initialize(this.createSVGTransformFromMatrix(all));
  }
}

export function drawSvg(): void {
  const lists = new WeakMap<object, { baseVal: Transforms }>();
  Object.defineProperty(SVGElement.prototype, 'transform', {
    configurable: true,
    get(this: object) {
      if (!lists.has(this)) lists.set(this, { baseVal: new Transforms() });
      return lists.get(this);
    },
  });
  Object.assign(SVGElement.prototype, {
    getBBox: () => ({ x: 0, y: 0, width: 100, height: 20 }),
    getCTM: () => new Matrix(),
    getScreenCTM: () => new Matrix(),
    createSVGMatrix: () => new Matrix(),
    createSVGTransform: () => new Transform(),
    createSVGPoint: () => ({ x: 0, y: 0, matrixTransform: () => ({ x: 0, y: 0 }) }),
    createSVGTransformFromMatrix: (matrix: Matrix) => Object.assign(new Transform(), { matrix }),
  });
  HTMLCanvasElement.prototype.getContext = () => null;
  Object.assign(globalThis, { SVGMatrix: Matrix });
  globalThis.CSS ??= {} as typeof CSS;
  globalThis.CSS.escape ??= (text: string) => text.replaceAll(/[^\w-]/g, (letter) => `\\${letter}`);
}
