/** Words that fit a width, in lines: Chinese breaks anywhere, Latin at blanks. */
export function wrap(text: string, width: number, size: number, most: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const measure = (words: string) =>
    [...words].reduce((sum, letter) => sum + (letter > '\u2e80' ? size : size * 0.56), 0);
  for (const part of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+/g) ?? []) {
    if (line !== '' && measure(line + part.trimEnd()) > width) {
      lines.push(line.trim());
      line = part.trimStart();
    } else line += part;
  }
  if (line.trim()) lines.push(line.trim());
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `${lines[most - 1]!}…`];
}
