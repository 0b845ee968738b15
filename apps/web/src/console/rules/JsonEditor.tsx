import { useEffect, useEffectEvent } from 'react';
import { CalendarEditor } from './CalendarEditor.tsx';
import type { EditorProps } from './Editor.tsx';
import { FormEditor } from './FormEditor.tsx';
import { isRecord, readJson, removeJson, setJson, type JsonPath, type JsonValue } from './json.ts';
import { NumberingEditor } from './NumberingEditor.tsx';
import { PhraseEditor } from './PhraseEditor.tsx';
import { placeOf } from './places.ts';
import { SettingEditor } from './SettingEditor.tsx';

/** What an editor of a JSON file gets: its value, and a way to change one place of it. */
export interface JsonProps extends EditorProps {
  readonly value: { readonly [key: string]: JsonValue };
  readonly set: ((path: JsonPath, value: JsonValue) => void) | undefined;
  readonly remove: ((path: JsonPath) => void) | undefined;
}

/** A JSON file with fields of its kind; the rest of its text stays as somebody wrote it. */
export function JsonEditor(props: EditorProps) {
  const { path, text, onChange, onUnreadable } = props;
  const value = readJson(text);
  const fits = isRecord(value);
  const unreadable = useEffectEvent(onUnreadable);
  useEffect(() => {
    if (!fits) unreadable();
  }, [fits]);
  if (!isRecord(value)) return null;
  const json: JsonProps = {
    ...props,
    value,
    set: onChange && ((at, next) => onChange(setJson(text, at, next))),
    remove: onChange && ((at) => onChange(removeJson(text, at))),
  };
  switch (placeOf(path).group) {
    case 'setting':
      return <SettingEditor {...json} />;
    case 'calendar':
      return <CalendarEditor {...json} />;
    case 'phrase':
      return <PhraseEditor {...json} />;
    case 'numbering':
      return <NumberingEditor {...json} />;
    default:
      return <FormEditor {...json} />;
  }
}
