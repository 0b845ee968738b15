export function Running() {
  return null;
}
