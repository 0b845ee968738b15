import type { Me, Permission } from '@wanmi/contracts';

/** The rooms of the console and the right that opens each. */
export const ROOMS = [
  { to: '/desk', name: 'desk', right: 'case.read' },
  { to: '/report', name: 'report', right: 'report.create' },
  { to: '/cases', name: 'cases', right: 'case.read' },
  { to: '/statistics', name: 'statistics', right: 'statistics.read' },
  { to: '/duty', name: 'duty', right: 'duty.read' },
  { to: '/rules', name: 'rules', right: 'rule.publish' },
  { to: '/people', name: 'people', right: 'org.write' },
  { to: '/transfer', name: 'transfer', right: 'data.import' },
  { to: '/audit', name: 'audit', right: 'audit.read' },
  { to: '/backups', name: 'backups', right: 'audit.read' },
] as const satisfies readonly { to: string; name: string; right: Permission }[];

export type Room = (typeof ROOMS)[number];

export function roomsOf(me: Me): Room[] {
  return ROOMS.filter((room) => me.permissions.includes(room.right));
}

/** Who keeps the organisation starts there; everybody else at the desk. */
export function landing(me: Me): Room['to'] {
  const rooms = roomsOf(me);
  if (me.permissions.includes('org.write')) return '/people';
  return rooms[0]?.to ?? '/desk';
}
