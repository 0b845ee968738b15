import { lazy, Suspense, useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading } from '../../shared/states/states.tsx';
import { useWide } from '../../shared/useWide.ts';
import { arranged } from './arrange.ts';
import { readDrawing } from './drawing.ts';
import { DrawingPicture } from './DrawingPicture.tsx';
import type { EditorProps } from './Editor.tsx';

const DrawingBoard = lazy(async () => ({
  default: (await import('./DrawingBoard.tsx')).DrawingBoard,
}));

/** Below this a drawing cannot be drawn: palette, panel and a few steps do not fit beside one another. */
const WIDE = 900;

/** A drawing: on a board for who may change it and has the room, as a picture for everybody else. */
export function BpmnEditor(props: EditorProps) {
  const { t } = useTranslation('rules');
  const { text, onChange, onUnreadable } = props;
  const wide = useWide(WIDE);
  const [refused, setRefused] = useState<string | null>(null);
  const drawing = useMemo(() => {
    const own = readDrawing(text);
    const whole = own && readDrawing(arranged(text).text);
    // Places come from the arranged text, elements from the one that is written.
    return own && whole && { ...whole, elements: own.elements };
  }, [text]);

  const unreadable = useEffectEvent(onUnreadable);
  useEffect(() => {
    if (!drawing) unreadable();
  }, [drawing]);

  if (!drawing) return null;
  if (!onChange || !wide || refused !== null) {
    const hint = !onChange ? null : refused === null ? t('drawing.wider') : t('drawing.refused', { refused });
    return <DrawingPicture {...props} drawing={drawing} hint={hint} />;
  }
  return (
    <Suspense fallback={<Loading rows={10} />}>
      <DrawingBoard {...props} drawing={drawing} onChange={onChange} onRefused={setRefused} />
    </Suspense>
  );
}
