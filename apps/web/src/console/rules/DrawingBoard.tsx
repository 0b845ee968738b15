import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Board } from './board.ts';
import { wordOfTool } from './boardWords.ts';
import type { Drawing } from './drawing.ts';
import type { EditorProps } from './Editor.tsx';
import { ElementPanel } from './ElementPanel.tsx';
import { ElementSelect } from './ElementSelect.tsx';
import { useProblemText } from './problemText.ts';
import styles from './rules.module.css';

const KEYS = ['move', 'several', 'delete', 'rename', 'change', 'connect', 'copy', 'search', 'undo'] as const;

/** The drawing on a board: steps are added, moved, connected and taken away; what one says stands in fields beside it. */
export function DrawingBoard({
  draft,
  text,
  drawing,
  problems,
  at,
  onChange,
  onRefused,
}: Omit<EditorProps, 'onChange'> & {
  readonly drawing: Drawing;
  readonly onChange: (text: string) => void;
  /** This file cannot be opened on the board. */
  readonly onRefused: (why: string) => void;
}) {
  const { t, i18n } = useTranslation('rules');
  const problemText = useProblemText();
  const place = useRef<HTMLDivElement>(null);
  const [board, setBoard] = useState<Board | null>(null);
  const [opened, setOpened] = useState(0);
  const [placed, setPlaced] = useState(0);
  const [selected, setSelected] = useState<string | null>(null);
  const [keys, setKeys] = useState(false);

  const tell = useEffectEvent((next: string) => onChange(next));
  const translate = useEffectEvent((sentence: string) => {
    const word = wordOfTool(sentence);
    return word === null ? sentence : t(`drawing.tool.${word}`);
  });
  const refuse = useEffectEvent(onRefused);
  const { language } = i18n;
  useEffect(() => {
    const made = new Board({
      container: place.current!,
      translate: (sentence) => translate(sentence),
      onText: (next) => tell(next),
      onSelect: setSelected,
    });
    setBoard(made);
    return () => {
      setBoard(null);
      made.destroy();
    };
    // The tool asks for its words once: in another language it is another board.
  }, [language]);

  useEffect(() => {
    if (!board) return;
    board.receive(text).then(
      (done) => {
        if (!done) return;
        setPlaced(done.placed);
        setOpened((n) => n + 1);
      },
      (error: unknown) => refuse(error instanceof Error ? error.message : String(error)),
    );
  }, [board, text]);

  const marks = useMemo(() => {
    const found = new Map<string, { words: string; severe: boolean }>();
    for (const one of problems) {
      if (one.element === null) continue;
      const before = found.get(one.element);
      const words = problemText(one);
      found.set(one.element, {
        words: before ? `${before.words}\n${words}` : words,
        severe: one.severity === 'error' || before?.severe === true,
      });
    }
    return found;
  }, [problems, problemText]);
  useEffect(() => {
    if (board && opened > 0) board.mark(marks);
  }, [board, opened, marks, text]);
  useEffect(() => {
    if (board && opened > 0 && at) board.show(at);
  }, [board, opened, at]);

  return (
    <div className={styles.drawing}>
      <div className={styles.tableTools}>
        <ElementSelect
          drawing={drawing}
          selected={selected}
          onSelect={(id) => (id === null ? board?.select(null) : board?.show(id))}
        />
        <span className={styles.quiet}>
          {placed > 0 ? t('drawing.placed', { n: placed }) : t('drawing.boardHint')}
        </span>
        <span className={`${styles.segments} ${styles.atEnd}`} role="group" aria-label={t('drawing.zoom')}>
          <button type="button" aria-label={t('drawing.smaller')} onClick={() => board?.zoom(-1)}>
            −
          </button>
          <button type="button" onClick={() => board?.fit()}>
            {t('drawing.whole')}
          </button>
          <button type="button" aria-label={t('drawing.larger')} onClick={() => board?.zoom(1)}>
            +
          </button>
        </span>
        <button
          type="button"
          className={styles.keysButton}
          aria-expanded={keys}
          onClick={() => setKeys(!keys)}
        >
          {t('drawing.keys')}
        </button>
      </div>
      {keys && (
        <dl className={styles.keys}>
          {KEYS.map((key) => (
            <div key={key}>
              <dt>{t(`drawing.key.${key}.keys`)}</dt>
              <dd>{t(`drawing.key.${key}.does`)}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className={styles.drawingBody}>
        <div ref={place} className={styles.board} role="application" aria-label={t('drawing.boardLabel')} />
        {selected !== null && drawing.elements.has(selected) && (
          <ElementPanel
            key={selected}
            draft={draft}
            text={text}
            drawing={drawing}
            id={selected}
            problems={problems.filter((one) => one.element === selected)}
            onSet={(key, value) => board?.set(selected, key, value)}
            onClose={() => board?.select(null)}
          />
        )}
      </div>
    </div>
  );
}
