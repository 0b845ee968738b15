export function TryOut(_: { draft: unknown; unsaved: number; may: boolean }) {
  return null;
}
