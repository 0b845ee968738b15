export function Upgrade() {
  return null;
}
