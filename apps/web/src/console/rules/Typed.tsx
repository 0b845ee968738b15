import { useEffect, useRef, useState } from 'react';

/** A text that counts when its field is left. */
export function Typed({
  id,
  value,
  onSet,
  list,
  describedBy,
  autoFocus,
  placeholder,
  onLeave,
}: {
  id: string;
  value: string;
  onSet: ((value: string) => void) | undefined;
  list?: string;
  describedBy?: string | undefined;
  /** It took the place of what was just used. */
  autoFocus?: boolean;
  placeholder?: string | undefined;
  onLeave?: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (autoFocus) field.current?.focus();
  }, [autoFocus]);
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    if (typed !== null && typed.trim() !== value) onSet?.(typed.trim());
    setTyped(null);
  };
  return (
    <input
      ref={field}
      placeholder={placeholder}
      id={id}
      list={list}
      aria-describedby={describedBy}
      readOnly={!onSet}
      spellCheck={false}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={() => {
        take();
        onLeave?.();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
        else if (event.key === 'Escape') setTyped(null);
      }}
    />
  );
}
