import type { Role } from './vocabulary.ts';

/**
 * What a role may do besides its own tasks. A task's actions need no permission of their own: the lane of the
 * process names the role, the task waits for a unit or a post, and both must match.
 */
export const PERMISSIONS = [
  'report.create',
  /** 执法发现: register what one's own unit found. Counts in enforcement units alone, and opens `report.create` there. */
  'report.find',
  'report.read',
  'case.read',
  'case.integrity',
  'case.export',
  'reporter.reveal',
  'media.create',
  'asset.read',
  'asset.write',
  'grid.read',
  'catalog.read',
  'catalog.write',
  'rule.publish',
  'duty.read',
  'duty.write',
  'org.read',
  'org.write',
  'statistics.read',
  'audit.read',
  'roots.read',
  'data.import',
  'data.export',
  'data.exportPersonal',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const EVERYBODY: Permission[] = ['catalog.read', 'grid.read', 'case.read', 'media.create', 'duty.read'];

/** The shipped grants; a city may change them in its `role` rows. */
export const DEFAULT_GRANTS: Record<Role, Permission[]> = {
  collector: [...EVERYBODY, 'report.create', 'report.read', 'asset.read'],
  operator: [...EVERYBODY, 'report.create', 'report.read', 'asset.read', 'org.read', 'reporter.reveal'],
  shiftLeader: [
    ...EVERYBODY,
    'report.create',
    'report.read',
    'asset.read',
    'org.read',
    'reporter.reveal',
    'statistics.read',
    'case.integrity',
    'case.export',
    'duty.write',
  ],
  dispatcher: [...EVERYBODY, 'report.read', 'asset.read', 'org.read', 'statistics.read'],
  department: [...EVERYBODY, 'report.find', 'asset.read', 'org.read', 'duty.write'],
  crew: [...EVERYBODY, 'report.find', 'asset.read'],
  inspector: [...EVERYBODY, 'report.read', 'asset.read', 'org.read', 'statistics.read', 'case.integrity'],
  assessor: [...EVERYBODY, 'org.read', 'statistics.read', 'case.integrity', 'case.export'],
  leader: [...EVERYBODY, 'report.read', 'asset.read', 'org.read', 'statistics.read', 'case.integrity'],
  admin: [
    'catalog.read',
    'catalog.write',
    'rule.publish',
    'duty.read',
    'duty.write',
    'grid.read',
    'asset.read',
    'asset.write',
    'org.read',
    'org.write',
    'audit.read',
    'roots.read',
    'case.integrity',
    'case.read',
    'statistics.read',
    'data.import',
    'data.export',
  ],
};
