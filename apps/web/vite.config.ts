import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Connect, type Plugin } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Entries of this project; field, portal and wall join here. Each owns the paths below its name. */
const entries = ['console'];

/** `appType: 'mpa'` answers 404 to deep links: send each to its entry, as the server does in production. */
function deepLinks(): Plugin {
  const rewrite: Connect.NextHandleFunction = (request, response, next) => {
    const path = (request.url ?? '/').split('?')[0]!;
    if (path === '/') {
      response.writeHead(302, { location: '/console/' }).end();
      return;
    }
    const entry = entries.find((name) => path === `/${name}` || path.startsWith(`/${name}/`));
    if (entry && !/\.\w+$/.test(path)) request.url = `/${entry}/index.html`;
    next();
  };
  return {
    name: 'wanmi-deep-links',
    configureServer: (server) => void server.middlewares.use(rewrite),
    configurePreviewServer: (server) => void server.middlewares.use(rewrite),
  };
}

const backend = process.env['WANMI_BACKEND'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root,
  appType: 'mpa',
  plugins: [react(), deepLinks()],
  // The server puts a fresh nonce of each reply in its place (CSP: style-src 'nonce-…').
  html: { cspNonce: '__WANMI_NONCE__' },
  server: {
    port: 5173,
    proxy: Object.fromEntries(['/api', '/tiles', '/open311'].map((path) => [path, { target: backend }])),
  },
  build: {
    outDir: 'dist',
    manifest: true,
    target: 'es2024',
    // Data URLs would need a wider CSP than the map's own icons already do.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: `${root}index.html`, console: `${root}console/index.html` },
    },
  },
  worker: { format: 'es' },
});
