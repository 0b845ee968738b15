import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { desk, type Desk } from '#testing/desk';
import { uuidv7 } from '#platform/ids';
import { CliError } from './open.ts';
import { moveCommand } from './config-move.ts';

let d: Desk;
let home: string;
let city: string;
beforeAll(async () => {
  d = await desk();
  home = await mkdtemp(path.join(tmpdir(), 'wanmi-cli-'));
  const { host, port, user, database } = d.w.platform.pool.options;
  vi.stubEnv('WANMI_HOME', home);
  vi.stubEnv('DATABASE_URL', `postgres://${user}@localhost/${database}?host=${host}&port=${port}`);
  const { rows } = await d.w.platform.pool.query<{ code: string }>('select code from city where id = $1', [
    d.w.cityId,
  ]);
  city = rows[0]!.code;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await d.w.close();
  await rm(home, { recursive: true, force: true });
});

/** What the command prints, and its exit code. */
async function run(...args: string[]): Promise<{ out: string; code: number }> {
  const said: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await moveCommand()
      .exitOverride()
      .parseAsync(['--city', city, ...args], { from: 'user' });
    return { out: said.join(''), code: process.exitCode };
  } finally {
    process.exitCode = before;
    write.mockRestore();
  }
}

test('says what would happen, takes a map, and carries it out', async () => {
  const { pool, clock } = d.w.platform;
  const { case: made } = await d.report();
  const { rows } = await pool.query<{ content: string }>('select content from rule_version where id = $1', [
    d.w.rules.processId,
  ]);
  const content = rows[0]!.content
    .replaceAll(/\b(id|sourceRef|targetRef|attachedToRef|bpmnElement)="accept"/g, '$1="accepting"')
    .replaceAll('<bpmn:flowNodeRef>accept<', '<bpmn:flowNodeRef>accepting<');
  await pool.query(
    `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
     values ($1, $2, 'process', 'case', 2, $3, $4, 'published', $5, $5)`,
    [
      uuidv7(clock.now()),
      d.w.cityId,
      content,
      createHash('sha256').update(content).digest(),
      new Date(clock.now() + 1),
    ],
  );
  const versions = ['--from', '1', '--to', '2'];
  expect(await run(...versions, '--dry-run')).toEqual({
    out: `  accept → -  0 of 1\n! noTarget  accept  1  ${made.caseNo}\n0 of 1 can be moved\n`,
    code: 1,
  });
  const map = path.join(home, 'map.json');
  await writeFile(map, JSON.stringify({ accept: 'accepting' }));
  expect(await run(...versions, '--dry-run', '--map', map)).toMatchObject({ code: 0 });
  await expect(run(...versions, '--map', map)).rejects.toThrow(CliError);
  await expect(run('--from', '1', '--to', '3', '--dry-run')).rejects.toThrow('case has no version 3');
  await expect(run('--from', '2', '--to', '1', '--dry-run')).rejects.toThrow('move.versions');
  expect(await run(...versions, '--map', map, '--reason', 'another name')).toEqual({
    out: 'done  1 moved, 0 stayed\n',
    code: 0,
  });
  const after = await pool.query('select node from task where case_id = $1', [made.id]);
  expect(after.rows).toEqual([{ node: 'accepting' }]);
});
