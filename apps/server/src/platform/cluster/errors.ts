export type ClusterErrorCode =
  | 'cluster_packages_missing'
  | 'cluster_install_failed'
  | 'cluster_account'
  | 'cluster_not_accessible'
  | 'cluster_major_version'
  | 'cluster_socket_path'
  | 'cluster_init_failed'
  | 'cluster_start_failed'
  | 'cluster_stop_failed'
  | 'cluster_locked'
  | 'cluster_upgrade_failed'
  | 'cluster_exchange'
  | 'database_unreachable';

/** What keeps the database from running, said so that the operator knows the next command. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}

/** Any logger with these two fits, `console` too. */
export interface ClusterLog {
  info(message: string): void;
  warn(message: string): void;
}
