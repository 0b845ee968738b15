import { wmPackage } from '@wanmi/process/extension';
import Modeler from 'bpmn-js/lib/Modeler';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import './board.css';
import { arranged } from './arrange.ts';
import { boardOrder } from './boardOrder.ts';
import { pads } from './boardPads.ts';
import type { Canvas, CommandStack, Element, Registry, Selection, Zoom } from './boardTypes.ts';
import { boardWriting, write } from './boardWrite.ts';
import type { Property } from './properties.ts';
import { writeBack } from './writeBack.ts';

export interface BoardOptions {
  readonly container: HTMLElement;
  /** A sentence of the tool in the reader's language. */
  readonly translate: (sentence: string) => string;
  readonly onText: (text: string) => void;
  readonly onSelect: (id: string | null) => void;
}

export interface Opened {
  /** So many elements had no place in the picture and were given one. */
  readonly placed: number;
}

interface Changed {
  readonly trigger?: 'execute' | 'undo' | 'redo' | 'clear';
}

/** Of the board's own measure: the palette with what lies around it, and the air around a drawing. */
const PALETTE = 72;
const MARGIN = 24;

/**
 * The drawing board around bpmn-js. The text of the file is the truth: each command on the board makes a new text out of
 * the one that was opened (`writeBack`), and a text that comes from elsewhere is undone to where the board knows it,
 * or opened anew. So undoing steps of drawing and of fields is one row of steps.
 */
export class Board {
  readonly #modeler: Modeler;
  readonly #options: BoardOptions;
  /** As it was opened, with a place for everything; and what the tool makes of it. */
  #opened = '';
  #before = '';
  /** The text behind each step of the tool's commands, and where it stands. */
  #texts: string[] = [];
  #step = 0;
  /** Texts that this board told of and that have not come back yet. */
  #told: string[] = [];
  #quiet = false;
  #turn: Promise<unknown> = Promise.resolve();
  #gone = false;

  constructor(options: BoardOptions) {
    this.#options = options;
    const { translate } = options;
    this.#modeler = new Modeler({
      container: options.container,
      moddleExtensions: { wm: wmPackage },
      textRenderer: { defaultStyle: { fontFamily: 'inherit', fontSize: 12 } },
      bpmnRenderer: {
        defaultFillColor: 'var(--surface)',
        defaultStrokeColor: 'var(--ink)',
        defaultLabelColor: 'var(--ink)',
      },
      additionalModules: [
        {
          translate: [
            'value',
            (sentence: string, values: Readonly<Record<string, string>> = {}) =>
              translate(sentence).replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole),
          ],
        },
        pads,
        boardOrder,
        boardWriting,
      ],
    });
    options.container.addEventListener('keydown', this.#onKey, true);
    this.#modeler.on('commandStack.changed', (event: Changed) => this.#changed(event.trigger));
    this.#modeler.on('selection.changed', ({ newSelection }: { newSelection: readonly Element[] }) => {
      const only = newSelection.length === 1 ? newSelection[0]! : null;
      options.onSelect(only ? (only.labelTarget ?? only).id : null);
    });
    // Steps back and forward go through the file's own row of steps, wherever the keyboard is.
    this.#modeler.on('keyboard.keydown', 10_000, ({ keyEvent }: { keyEvent: KeyboardEvent }) =>
      (keyEvent.ctrlKey || keyEvent.metaKey) && ['z', 'y'].includes(keyEvent.key.toLowerCase())
        ? true
        : undefined,
    );
  }

  /** A name that is being typed keeps its keys to itself; who saves means it too. */
  readonly #onKey = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return;
    const typing = this.service<{ isActive(): boolean; complete(): void }>('directEditing');
    if (typing.isActive()) typing.complete();
  };

  /** What the screen has as the file's text. One that the board told of itself changes nothing. */
  receive(text: string): Promise<Opened | null> {
    const echo = this.#told.indexOf(text);
    if (echo >= 0) {
      this.#told.splice(0, echo + 1);
      return Promise.resolve(null);
    }
    const turn = this.#turn.then(() => this.#take(text));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #take(text: string): Promise<Opened | null> {
    if (this.#gone || this.#texts[this.#step] === text) return null;
    const known = this.#nearest(text);
    if (known === null) return this.#open(text);
    const stack = this.service<CommandStack>('commandStack');
    this.#quiet = true;
    try {
      while (this.#step > known) stack.undo();
      while (this.#step < known) stack.redo();
    } finally {
      this.#quiet = false;
    }
    return null;
  }

  #nearest(text: string): number | null {
    const found = this.#texts.flatMap((one, step) => (one === text ? [step] : []));
    return found.sort((a, b) => Math.abs(a - this.#step) - Math.abs(b - this.#step))[0] ?? null;
  }

  async #open(text: string): Promise<Opened> {
    const first = this.#texts.length === 0;
    const view = first ? null : this.#canvas.viewbox();
    const [selected] = first ? [] : this.service<Selection>('selection').get();
    const { text: shown, placed } = arranged(text);
    this.#quiet = true;
    try {
      await this.#modeler.importXML(shown);
      if (this.#gone) return { placed };
      this.#opened = shown;
      this.#before = await this.#xml();
    } finally {
      this.#quiet = false;
    }
    this.#texts = [text];
    this.#step = 0;
    this.#told = [];
    if (view) this.#canvas.viewbox({ x: view.x, y: view.y, width: view.width, height: view.height });
    else this.begin();
    const again = selected && this.service<Registry>('elementRegistry').get(selected.id);
    if (again) this.service<Selection>('selection').select(again);
    else this.#options.onSelect(null);
    return { placed };
  }

  #changed(trigger: Changed['trigger']): void {
    if (trigger === 'undo') this.#step -= 1;
    else if (trigger === 'redo') this.#step += 1;
    else if (trigger === 'execute') {
      this.#step += 1;
      this.#texts.length = this.#step;
    } else return;
    if (this.#quiet) return;
    const step = this.#step;
    // Written out at once, while it is as this step left it.
    const xml = this.#xml();
    this.#turn = this.#turn
      .then(async () => this.#tell(step, await xml))
      .catch((error: unknown) => void reportError(error));
  }

  #tell(step: number, now: string): void {
    const text =
      now === this.#before && this.#texts[0] !== undefined
        ? this.#texts[0]
        : (writeBack(this.#opened, { before: this.#before, now }) ?? now);
    const last = this.#told.at(-1) ?? this.#texts[step - 1];
    this.#texts[step] = text;
    if (this.#gone || text === last) return;
    this.#told.push(text);
    this.#options.onText(text);
  }

  async #xml(): Promise<string> {
    const { xml } = await this.#modeler.saveXML({ format: true });
    return xml ?? '';
  }

  /** A part of the tool by its name. */
  service<T>(service: string): T {
    return this.#modeler.get<T>(service);
  }

  get #canvas(): Canvas {
    return this.service<Canvas>('canvas');
  }

  /** Writes a property of an element, as a step like any other. */
  set(id: string, key: Property['key'], value: string): void {
    write((name) => this.#modeler.get(name), id, key, value);
  }

  show(id: string): void {
    const element = this.service<Registry>('elementRegistry').get(id);
    if (!element) return;
    const root = this.#canvas.findRoot(element);
    if (root) this.#canvas.setRootElement(root);
    if (this.#canvas.zoom() < 0.7) this.#canvas.zoom(0.8);
    this.#canvas.scrollToElement(element, 120);
    this.service<Selection>('selection').select(element);
  }

  select(id: string | null): void {
    const element = id === null ? undefined : this.service<Registry>('elementRegistry').get(id);
    this.service<Selection>('selection').select(element ?? null);
  }

  zoom(steps: number): void {
    this.service<Zoom>('zoomScroll').stepZoom(steps);
  }

  /** The whole drawing, beside the palette. */
  fit(): void {
    const { inner, outer } = this.#canvas.viewbox();
    const across = (outer.width - PALETTE - MARGIN) / inner.width;
    const scale = Math.min(1, Math.max(0.1, Math.min(across, (outer.height - 2 * MARGIN) / inner.height)));
    this.#look(scale, {
      x: (outer.width + PALETTE - MARGIN - inner.width * scale) / 2,
      y: (outer.height - inner.height * scale) / 2,
    });
  }

  /** The beginning, in letters that can be read. */
  begin(): void {
    const { inner, outer } = this.#canvas.viewbox();
    const scale = Math.min(
      1,
      Math.max(0.75, Math.min(outer.width / inner.width, outer.height / inner.height)),
    );
    this.#look(scale, { x: PALETTE, y: MARGIN });
  }

  /** Shows the drawing so large, its corner at that place of the board. */
  #look(scale: number, corner: { readonly x: number; readonly y: number }): void {
    const { inner, outer } = this.#canvas.viewbox();
    this.#canvas.viewbox({
      x: inner.x - corner.x / scale,
      y: inner.y - corner.y / scale,
      width: outer.width / scale,
      height: outer.height / scale,
    });
  }

  /** Marks what the check found; the words stand at the mark. */
  mark(problems: ReadonlyMap<string, { readonly words: string; readonly severe: boolean }>): void {
    const registry = this.service<Registry>('elementRegistry');
    const overlays = this.service<{
      add(id: string, type: string, what: unknown): void;
      remove(filter: { type: string }): void;
    }>('overlays');
    overlays.remove({ type: 'problem' });
    for (const element of registry.getAll()) {
      const found = problems.get(element.id);
      for (const [name, on] of [
        ['wanmi-wrong', found?.severe === true],
        ['wanmi-warned', found?.severe === false],
      ] as const) {
        if (on) this.#canvas.addMarker(element.id, name);
        else this.#canvas.removeMarker(element.id, name);
      }
      if (!found) continue;
      const html = document.createElement('div');
      html.className = found.severe ? 'wanmi-problem' : 'wanmi-problem wanmi-problem-mild';
      html.textContent = '!';
      html.title = found.words;
      const middle = element.waypoints?.[Math.floor(element.waypoints.length / 2)];
      const corner = element.waypoints?.[0];
      const position = middle && corner ? { top: -22, left: 0 } : { top: -10, right: 10 };
      overlays.add(element.id, 'problem', { position, html });
    }
  }

  focus(): void {
    this.#canvas.focus();
  }

  destroy(): void {
    this.#gone = true;
    this.#options.container.removeEventListener('keydown', this.#onKey, true);
    this.#modeler.destroy();
  }
}
