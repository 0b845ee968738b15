import { connect, type Socket } from 'node:net';

/**
 * One keep-alive HTTP/1.1 connection written by hand: the load generator shares two cores with what it measures,
 * and fetch costs four times as much CPU as this.
 */
export class RawClient {
  readonly #port: number;
  #socket: Socket | null = null;
  #buffer: Buffer = Buffer.alloc(0);
  #wait: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  async request(
    method: string,
    path: string,
    token: string | null,
    body?: unknown,
    key?: string,
  ): Promise<Reply> {
    const socket = (this.#socket ??= await this.#open());
    const text = body === undefined ? '' : JSON.stringify(body);
    const head =
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n` +
      (token ? `Authorization: Bearer ${token}\r\n` : '') +
      (key ? `Idempotency-Key: ${key}\r\n` : '') +
      (text ? `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n` : '') +
      '\r\n';
    return new Promise((resolve, reject) => {
      this.#wait = { resolve, reject };
      socket.write(head + text);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
      socket.on('data', (chunk) => this.#read(chunk));
      socket.on('close', () => {
        this.#socket = null;
        this.#wait?.reject(new Error('connection closed'));
        this.#wait = null;
      });
    });
  }

  #read(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#buffer.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#buffer.length < end + 4 + length) return;
    const text = this.#buffer.toString('utf8', end + 4, end + 4 + length);
    this.#buffer = this.#buffer.subarray(end + 4 + length);
    const waiting = this.#wait;
    this.#wait = null;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body: text });
  }
}

export interface Reply {
  status: number;
  body: string;
}
