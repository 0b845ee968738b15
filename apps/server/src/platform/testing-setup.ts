import type { TestProject } from 'vitest/node';
import { openTestServer } from './testing-server.ts';

/** Vitest's global set-up of the projects that need a database; pure suites go without. */
export default async function setUpTestServer(project: TestProject): Promise<() => Promise<void>> {
  const { testServer, close } = await openTestServer();
  project.provide('testServer', testServer);
  return close;
}
