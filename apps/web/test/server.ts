import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** The network is closed: what a test did not describe fails (MSW 3 calls this `onUnhandledFrame`). */
export const server = setupServer();

export function closedNetwork(): void {
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());
}
