import { listOf, type JsonValue } from './json.ts';

/** `08:00-12:00, 14:00-18:00` as pairs; what is no period is kept as it is typed, and the check names it. */
export function periodsOf(text: string): readonly (readonly [string, string])[] {
  return text
    .split(/[,，;；、]\s*|\s{2,}/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [from = '', to = ''] = part.split(/\s*[-–—~至]\s*/);
      return [clock(from), clock(to)] as const;
    });
}

/** `8:00` and `８：００` are eight o'clock too. */
function clock(text: string): string {
  const found = /^(\d{1,2})[:：](\d{2})$/.exec(text.normalize('NFKC'));
  return found ? `${found[1]!.padStart(2, '0')}:${found[2]!}` : text;
}

export function periodsText(value: JsonValue | undefined): string {
  return listOf(value)
    .map((period) => (listOf(period) as string[]).join('-'))
    .join(', ');
}
