import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { SCRIPT_POLICY, newNonce, pagePolicy } from './security.ts';

/** A page of the web app, cut at the places where each reply's nonce goes. */
interface Entry {
  parts: readonly string[];
}

const YEAR = '365d';

/**
 * Serves the built web app: its entries (`/`, `/console` …) with a fresh nonce, their deep links, and files.
 * What carries a hash in its name never changes; everything else is asked for each time.
 */
export async function serveWebApp(app: FastifyInstance, root: string): Promise<void> {
  const files = new Set(listFiles(root));
  const entries = readEntries(root, files);
  await app.register(fastifyStatic, { root, serve: false, preCompressed: true });

  const entryOf = (pathname: string): Entry | undefined => {
    const name = pathname.split('/')[1] ?? '';
    // Only the root itself is the first entry's: anything else unknown is not found.
    if (name === '') return pathname === '/' ? entries.get('') : undefined;
    // A missing script must not be answered with a page.
    return /\.\w+$/.test(pathname) ? undefined : entries.get(name);
  };

  app.get('/*', { config: { public: true }, logLevel: 'warn' }, (request, reply) => {
    const pathname = decoded(request.url);
    const file = pathname?.slice(1) ?? '';
    if (files.has(file) && !file.endsWith('.html')) {
      if (/\.m?js$/.test(file)) void reply.header('content-security-policy', SCRIPT_POLICY);
      const hashed = file.startsWith('assets/');
      return reply.sendFile(file, hashed ? { maxAge: YEAR, immutable: true } : { maxAge: 0 });
    }
    const entry = pathname === undefined ? undefined : entryOf(pathname);
    return entry ? sendPage(reply, entry) : reply.callNotFound();
  });
}

function sendPage(reply: FastifyReply, { parts }: Entry): FastifyReply {
  const nonce = newNonce();
  return reply
    .header('content-security-policy', pagePolicy(nonce))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(parts.join(nonce));
}

function decoded(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0]!);
  } catch {
    return undefined;
  }
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !/\.(br|gz)$/.test(file));
}

/** `index.html` is the root's entry, `console/index.html` that of /console and all below it. */
function readEntries(root: string, files: ReadonlySet<string>): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const file of files) {
    const match = /^(?:([\w-]+)\/)?index\.html$/.exec(file);
    if (!match) continue;
    const html = readFileSync(path.join(root, file), 'utf8');
    const placeholder = PLACEHOLDER.exec(html)?.[1];
    entries.set(match[1] ?? '', { parts: placeholder ? html.split(placeholder) : [html] });
  }
  return entries;
}

/** What the build wrote for the nonce (Vite's html.cspNonce), as it stands in the tag that names it. */
const PLACEHOLDER = /<meta property="csp-nonce" nonce="([^"]+)"/;
