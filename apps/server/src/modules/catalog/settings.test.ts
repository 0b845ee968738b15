import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

describe('readSettings', () => {
  it('takes what fits, reports what does not, keeps what it does not know', () => {
    const bad: string[] = [];
    const settings = readSettings(
      [
        { key: 'autoAccept', value: true },
        { key: 'autoSendCheck', value: 'yes' },
        { key: 'ownThing', value: { a: 1 } },
      ],
      (key) => bad.push(key),
    );
    expect(settings).toMatchObject({ autoAccept: true, autoSendCheck: false, autoSendVerify: false });
    expect(bad).toEqual(['autoSendCheck']);
    expect([...settings.other]).toEqual([['ownThing', { a: 1 }]]);
  });
});
