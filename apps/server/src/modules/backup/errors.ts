export type BackupErrorCode =
  | 'backup_foreign_database'
  | 'backup_off'
  | 'backup_folder'
  | 'backup_other_installation'
  | 'backup_no_space'
  | 'backup_busy'
  | 'backup_failed'
  | 'backup_plan'
  | 'backup_tools'
  | 'restore_time'
  | 'restore_no_backup'
  | 'restore_gap'
  | 'restore_running'
  | 'restore_target'
  | 'restore_failed'
  | 'restore_not_whole';

/** What keeps a backup from being made or brought back, said so that the operator knows what to do. */
export class BackupError extends Error {
  readonly code: BackupErrorCode;
  constructor(code: BackupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
    this.code = code;
  }
}
