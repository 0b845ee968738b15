import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from '../platform/http.ts';

/** An open live stream, and all that was heard on it. */
export interface Listener {
  readonly text: string;
  /** The cases that frames were about. */
  cases(): Set<string>;
  close(): void;
}

/** Opens `GET /stream` of a server that listens; resolves at its first `ready` or `reset`. */
export function listen(app: App, token: string, lastEventId?: string): Promise<Listener> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    let text = '';
    const listener: Listener = {
      get text() {
        return text;
      },
      cases: () => new Set([...text.matchAll(/"caseId":"([^"]+)"/g)].map((match) => match[1]!)),
      close: () => request.destroy(),
    };
    const request = get({ port, path: '/api/v1/stream', headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the stream answers ${response.statusCode}`));
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (/event: (ready|reset)/.test(text)) resolve(listener);
      });
      response.on('error', () => {});
    });
    request.on('error', reject);
  });
}
