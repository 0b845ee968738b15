import { useEffect, useEffectEvent, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Box, Drawing } from './drawing.ts';
import type { EditorProps } from './Editor.tsx';
import { ElementPanel } from './ElementPanel.tsx';
import { ElementSelect } from './ElementSelect.tsx';
import { Picture } from './Picture.tsx';
import styles from './rules.module.css';
import { setProperty } from './setProperty.ts';

interface View {
  scale: number;
  x: number;
  y: number;
}

const MIN = 0.1;
const MAX = 4;
const STEP = 60;
const MARGIN = 24;

/**
 * The process as a picture; an element is clicked (or chosen from the list) and its properties stand beside it. It is
 * what everybody sees who may not draw, and small screens.
 */
export function DrawingPicture({
  draft,
  text,
  drawing,
  problems,
  at,
  onChange,
  hint,
}: EditorProps & {
  readonly drawing: Drawing;
  /** Why nothing can be drawn here. */
  readonly hint: string | null;
}) {
  const { t } = useTranslation('rules');
  const [selected, setSelected] = useState<string | null>(null);
  const [view, setView] = useState<View | null>(null);
  const frame = useRef<SVGSVGElement>(null);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const wrong = useMemo(
    () => new Set(problems.flatMap((one) => (one.element === null ? [] : [one.element]))),
    [problems],
  );

  const fit = useEffectEvent((whole: boolean) => {
    const size = frame.current?.getBoundingClientRect();
    if (!size || size.width === 0) return;
    const { extent } = drawing;
    const both = Math.min(
      (size.width - 2 * MARGIN) / extent.width,
      (size.height - 2 * MARGIN) / extent.height,
      1.2,
    );
    const across = Math.min((size.width - 2 * MARGIN) / extent.width, 1.2);
    const scale = Math.max(MIN, whole ? both : Math.max(across, Math.min(0.6, 1.2)));
    setView({
      scale,
      x: whole ? (size.width - extent.width * scale) / 2 - extent.x * scale : MARGIN - extent.x * scale,
      y: whole ? (size.height - extent.height * scale) / 2 - extent.y * scale : MARGIN - extent.y * scale,
    });
  });
  useEffect(() => fit(false), []);

  const show = useEffectEvent((id: string) => {
    if (!drawing.elements.has(id)) return;
    setSelected(id);
    const size = frame.current?.getBoundingClientRect();
    const box = placeOf(drawing, id);
    if (!size || !box) return;
    const scale = Math.max(view?.scale ?? 0.8, 0.7);
    setView({
      scale,
      x: size.width / 2 - (box.x + box.width / 2) * scale,
      y: size.height / 2 - (box.y + box.height / 2) * scale,
    });
  });
  useEffect(() => {
    if (!at) return;
    const soon = requestAnimationFrame(() => show(at));
    return () => cancelAnimationFrame(soon);
  }, [at]);

  function zoom(by: number, around?: { x: number; y: number }) {
    const size = frame.current?.getBoundingClientRect();
    if (!size) return;
    const point = around ?? { x: size.width / 2, y: size.height / 2 };
    setView((now) => {
      if (!now) return now;
      const scale = Math.min(MAX, Math.max(MIN, now.scale * by));
      const ratio = scale / now.scale;
      return { scale, x: point.x - (point.x - now.x) * ratio, y: point.y - (point.y - now.y) * ratio };
    });
  }
  const pan = (x: number, y: number) => setView((now) => now && { ...now, x: now.x + x, y: now.y + y });

  // React listens to the wheel passively: the page would scroll along.
  const onWheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault();
    const size = frame.current!.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - size.left, y: event.clientY - size.top });
    } else if (event.shiftKey) pan(-event.deltaY, -event.deltaX);
    else pan(-event.deltaX, -event.deltaY);
  });
  const onPointer = useEffectEvent((event: PointerEvent) => {
    const held = drag.current;
    if (event.type === 'pointerdown' && event.button === 0) {
      drag.current = { x: event.clientX, y: event.clientY, moved: false };
    } else if (event.type === 'pointermove' && held) {
      const [x, y] = [event.clientX - held.x, event.clientY - held.y];
      if (!held.moved && Math.hypot(x, y) < 4) return;
      if (!held.moved) frame.current?.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      pan(x, y);
    } else if (event.type === 'pointerup' && held) {
      drag.current = null;
      if (held.moved) return;
      const hit = (event.target as Element).closest('[data-element]');
      setSelected(hit?.getAttribute('data-element') ?? null);
    }
  });
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => onWheel(event);
    const pointer = (event: PointerEvent) => onPointer(event);
    const moves = ['pointerdown', 'pointermove', 'pointerup'] as const;
    element.addEventListener('wheel', wheel, { passive: false });
    for (const name of moves) element.addEventListener(name, pointer);
    return () => {
      element.removeEventListener('wheel', wheel);
      for (const name of moves) element.removeEventListener(name, pointer);
    };
  }, []);

  function onKeyDown(event: KeyboardEvent) {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => pan(STEP, 0),
      ArrowRight: () => pan(-STEP, 0),
      ArrowUp: () => pan(0, STEP),
      ArrowDown: () => pan(0, -STEP),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': () => fit(true),
      Escape: () => setSelected(null),
    };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step();
  }

  return (
    <div className={styles.drawing}>
      <div className={styles.tableTools}>
        <ElementSelect
          drawing={drawing}
          selected={selected}
          onSelect={(id) => (id === null ? setSelected(null) : show(id))}
        />
        <span className={styles.quiet}>{hint ?? t(onChange ? 'drawing.hint' : 'drawing.lookHint')}</span>
        <span className={`${styles.segments} ${styles.atEnd}`} role="group" aria-label={t('drawing.zoom')}>
          <button type="button" aria-label={t('drawing.smaller')} onClick={() => zoom(0.8)}>
            −
          </button>
          <button type="button" onClick={() => fit(true)}>
            {t('drawing.whole')}
          </button>
          <button type="button" aria-label={t('drawing.larger')} onClick={() => zoom(1.25)}>
            +
          </button>
        </span>
      </div>
      <div className={styles.drawingBody}>
        <div
          className={styles.canvas}
          role="application"
          aria-label={t('drawing.label')}
          tabIndex={0}
          onKeyDown={onKeyDown}
        >
          <svg ref={frame} aria-hidden>
            <defs>
              <marker
                id="rules-arrow"
                viewBox="0 0 10 10"
                refX="9"
                refY="5"
                markerWidth="7"
                markerHeight="7"
                orient="auto-start-reverse"
              >
                <path d="M0 1L10 5L0 9z" className={styles.arrow} />
              </marker>
            </defs>
            <g transform={view ? `translate(${view.x} ${view.y}) scale(${view.scale})` : undefined}>
              <Picture drawing={drawing} selected={selected} wrong={wrong} />
            </g>
          </svg>
        </div>
        {selected !== null && drawing.elements.has(selected) && (
          <ElementPanel
            key={selected}
            draft={draft}
            text={text}
            drawing={drawing}
            id={selected}
            problems={problems.filter((one) => one.element === selected)}
            onSet={onChange && ((key, value) => onChange(setProperty(text, drawing, selected, key, value)))}
            onClose={() => setSelected(null)}
          />
        )}
      </div>
    </div>
  );
}

function placeOf(drawing: Drawing, id: string): Box | null {
  const box = drawing.shapes.find((one) => one.id === id)?.box;
  if (box) return box;
  const points = drawing.edges.find((one) => one.id === id)?.points;
  if (!points) return null;
  const middle = points[Math.floor(points.length / 2)]!;
  return { ...middle, width: 0, height: 0 };
}
