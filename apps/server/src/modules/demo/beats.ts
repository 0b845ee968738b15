import { Cast } from '@wanmi/simulator';
import { collectorOfGrid } from '#modules/org';
import type { Platform } from '#platform/platform';

/** Who walks which patrol grid: a player asks once instead of finding out by trying. */
export async function beatsOf(
  platform: Platform,
  { url, password }: { url: string; password: string },
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const beats = new Map<string, string>();
  const cast = await Cast.gather({ baseUrl: url, password, ...(signal ? { signal } : {}) });
  const collectors = new Map(cast.of('collector').map((person) => [person.postId, person.username]));
  const scout = cast.of('operator')[0];
  if (!scout) return beats;
  const { city } = await cast.as(scout);
  if (!city.bounds) return beats;
  const grids = await scout.client.get<{ features: { id: string }[] }>('/grids', {
    kind: 'patrol',
    bbox: city.bounds.join(','),
  });
  const now = platform.clock.now();
  for (const { id } of grids.features) {
    const holder = await collectorOfGrid(platform, id, now);
    const username = holder?.postId ? collectors.get(holder.postId) : undefined;
    if (username) beats.set(id, username);
  }
  return beats;
}
