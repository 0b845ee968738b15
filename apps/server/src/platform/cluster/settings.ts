import os from 'node:os';

export interface SettingsInput {
  name: string;
  socketDir: string;
  lz4: boolean;
  /** Bytes this process may use; the machine's memory or the container's limit. */
  memory?: number;
  overrides?: Record<string, string>;
  /** Bytes that are free where the data lies. */
  disk?: number;
}

const MB = 2 ** 20;

/** The server's settings, scaled to the machine; the values that were measured hold for 16 GB and more. */
export function serverSettings(input: SettingsInput): Record<string, string> {
  const memory = input.memory ?? availableMemory();
  const test = input.name === 'test';
  return {
    listen_addresses: '', // the socket alone: no port, no clash, no password
    unix_socket_directories: `"${input.socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    port: '5432', // names the socket file only
    cluster_name: `wanmi-${input.name}`,
    shared_buffers: megabytes(test ? 128 * MB : clamp(memory / 4, 128 * MB, 6144 * MB)),
    effective_cache_size: megabytes(clamp(memory / 2, 512 * MB, 64 * 1024 * MB)),
    work_mem: megabytes(clamp(memory / 512, 4 * MB, 32 * MB)),
    maintenance_work_mem: megabytes(clamp(memory / 32, 64 * MB, 512 * MB)),
    wal_buffers: '16MB',
    max_wal_size: test ? '1GB' : '4GB',
    // WAL that waits for the archive: past this the archive has a gap, which is mended, and not the disk a brim.
    max_slot_wal_keep_size: megabytes(clamp((input.disk ?? 64 * 1024 * MB) / 4, 1024 * MB, 16 * 1024 * MB)),
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    wal_compression: input.lz4 ? 'lz4' : 'on',
    jit: 'off',
    max_connections: test ? '100' : '60',
    fsync: 'on',
    synchronous_commit: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %a ',
    // A failed statement carries values, and a key's DETAIL too: people's names and numbers stay out of the log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...input.overrides,
  };
}

/** As a file for `include`. */
export function settingsFile(settings: Record<string, string>): string {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'`);
  return `# Written by Wanmi at each start; changes here are lost.\n${lines.join('\n')}\n`;
}

function availableMemory(): number {
  // In a container the machine's memory is not ours; without a limit Node answers 0 or an absurd number.
  const limit = process.constrainedMemory();
  const total = os.totalmem();
  return limit > 0 && limit < total ? limit : total;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const megabytes = (bytes: number): string => `${Math.floor(bytes / MB)}MB`;
