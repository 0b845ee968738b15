import { expect, test } from 'vitest';
import { requireRoom, roomFor } from './room.ts';
import { SimulationError } from './scenario.ts';

const OWN = { home: '/srv/wanmi', databaseUrl: null };

test('a million reports are not begun where there is no room for them, and it says how much there is', async () => {
  await expect(requireRoom(OWN, 1_000_000, 20e9)).rejects.toThrow(SimulationError);
  await expect(requireRoom(OWN, 1_000_000, 20e9)).rejects.toThrow(
    '1000000 reports take about 33.0 GB of disk, and in /srv/wanmi are 20.0 GB free',
  );
  await requireRoom(OWN, 1_000_000, 40e9);
});

test('a small one is begun nearly everywhere', async () => {
  expect(roomFor(8000)).toBeLessThan(0.3e9);
  await requireRoom(OWN, 8000, 0.3e9);
});

test("the disk of somebody else's server is not looked at", async () => {
  await requireRoom({ ...OWN, databaseUrl: 'postgres://x' }, 1e9, 0);
});
