import {
  useEffect,
  useEffectEvent,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { typing } from './keys.ts';
import styles from './shell.module.css';

/** A button with a panel under it (or over it); a click elsewhere or Escape closes it, arrows move in it. */
export function Menu({
  label,
  button,
  children,
  width = 280,
  className,
  up = false,
  shortcut,
}: {
  label: string;
  button: ReactNode;
  children: (close: () => void) => ReactNode;
  width?: number;
  className?: string | undefined;
  up?: boolean;
  /** A key that opens it from anywhere on the page. */
  shortcut?: string;
}) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const byKey = useRef(false);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    if (byKey.current) panel.current?.querySelector('button')?.focus();
    byKey.current = false;
    const onDown = (event: PointerEvent) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onDown);
    return () => document.removeEventListener('pointerdown', onDown);
  }, [open]);

  const onShortcut = useEffectEvent((event: globalThis.KeyboardEvent) => {
    if (event.key !== shortcut || typing(event)) return;
    event.preventDefault();
    byKey.current = true;
    setOpen(true);
  });
  useEffect(() => {
    if (shortcut === undefined) return;
    const listener = (event: globalThis.KeyboardEvent) => onShortcut(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, [shortcut]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && open) {
      event.stopPropagation();
      setOpen(false);
      trigger.current?.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      // What is typed in a panel keeps its arrows.
      if ((event.target as HTMLElement).matches('input, textarea, select')) return;
      event.preventDefault();
      if (open) move(event.key === 'ArrowDown' ? 1 : -1);
      else {
        byKey.current = true;
        setOpen(true);
      }
    }
  }

  function move(by: number) {
    const items = [...(panel.current?.querySelectorAll('button') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    items[(at + by + items.length) % items.length]?.focus();
  }

  return (
    <div ref={frame} className={styles.menu} onKeyDown={onKeyDown}>
      <button
        ref={trigger}
        type="button"
        className={className ?? styles.barButton}
        aria-expanded={open}
        aria-controls={id}
        aria-label={label}
        aria-keyshortcuts={shortcut}
        title={label}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div
          ref={panel}
          id={id}
          className={styles.panel}
          data-up={up}
          style={{ width }}
          role="group"
          aria-label={label}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
