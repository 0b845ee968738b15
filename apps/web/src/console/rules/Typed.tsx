import { useState } from 'react';

/** A text that counts when its field is left. */
export function Typed({
  id,
  value,
  onSet,
  list,
  describedBy,
}: {
  id: string;
  value: string;
  onSet: ((value: string) => void) | undefined;
  list?: string;
  describedBy?: string | undefined;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = () => {
    if (typed !== null && typed.trim() !== value) onSet?.(typed.trim());
    setTyped(null);
  };
  return (
    <input
      id={id}
      list={list}
      aria-describedby={describedBy}
      readOnly={!onSet}
      spellCheck={false}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
        else if (event.key === 'Escape') setTyped(null);
      }}
    />
  );
}
