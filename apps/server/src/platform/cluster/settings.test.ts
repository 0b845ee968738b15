import { expect, test } from 'vitest';
import { serverSettings, settingsFile } from './settings.ts';

const GB = 2 ** 30;
const scaled = (memory: number, name = 'main'): Record<string, string> =>
  serverSettings({ name, socketDir: '/run/x', lz4: true, memory });

test('memory follows the machine, up to the measured values', () => {
  expect(scaled(64 * GB)).toMatchObject({
    shared_buffers: '6144MB',
    work_mem: '32MB',
    maintenance_work_mem: '512MB',
  });
  expect(scaled(4 * GB)).toMatchObject({
    shared_buffers: '1024MB',
    work_mem: '8MB',
    maintenance_work_mem: '128MB',
  });
  expect(scaled(GB / 2)).toMatchObject({
    shared_buffers: '128MB',
    work_mem: '4MB',
    maintenance_work_mem: '64MB',
  });
});

test('tests take little memory and the same promises', () => {
  expect(scaled(64 * GB, 'test')).toMatchObject({
    shared_buffers: '128MB',
    fsync: 'on',
    synchronous_commit: 'on',
  });
});

test('overrides win, and values are quoted', () => {
  const settings = serverSettings({
    name: 'main',
    socketDir: `/a "b", it's`,
    lz4: false,
    overrides: { jit: 'on' },
  });
  const file = settingsFile(settings);
  expect(file).toContain(`jit = 'on'`);
  expect(file).toContain(`unix_socket_directories = '"/a ""b"", it''s"'`);
  expect(file).toContain(`wal_compression = 'on'`);
});
