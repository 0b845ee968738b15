import type { Client } from '@wanmi/simulator';

interface Grids {
  features: { properties: { code: string; name: { 'zh-CN': string } } }[];
}

/** Who walks a patrol grid: a demo gives them to its collectors in the order of their codes. */
export async function collectorOf(client: Client, beat: string): Promise<string> {
  const { city } = await client.get<{ city: { bounds: number[] } }>('/me');
  const grids = await client.get<Grids>('/grids', { kind: 'patrol', bbox: city.bounds.join(',') });
  const beats = grids.features
    .map(({ properties }) => properties)
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ name }) => name['zh-CN']);
  return `collector${beats.indexOf(beat) + 1}`;
}
