import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import styles from './desk.module.css';

/** A pane's width, remembered on this machine. */
export function usePane(
  name: string,
  start: number,
  min: number,
  max: number,
): [number, (width: number) => void] {
  const [width, setWidth] = useState(() => {
    try {
      const stored = Number(localStorage.getItem(`wanmi.${name}`));
      return stored >= min && stored <= max ? stored : start;
    } catch {
      return start;
    }
  });
  return [
    width,
    (next) => {
      const kept = Math.round(Math.min(max, Math.max(min, next)));
      setWidth(kept);
      try {
        localStorage.setItem(`wanmi.${name}`, String(kept));
      } catch {
        // The width then lasts as long as the page.
      }
    },
  ];
}

/** Moves by mouse, finger or arrow keys. `side` says on which side of it the pane lies. */
export function Splitter({
  label,
  value,
  onChange,
  side,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  side: 'left' | 'right';
}) {
  const sign = side === 'left' ? 1 : -1;

  function onPointerDown(event: PointerEvent<HTMLDivElement>) {
    const handle = event.currentTarget;
    const from = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const move = (now: globalThis.PointerEvent) => onChange(value + sign * (now.clientX - from));
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    });
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    onChange(value + sign * (event.key === 'ArrowRight' ? 16 : -16));
  }

  return (
    <div
      className={styles.splitter}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
