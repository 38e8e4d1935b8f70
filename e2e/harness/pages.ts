import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../packages/client/', import.meta.url));
const require = createRequire(join(CLIENT, 'package.json'));
/** The folders of the modules that pages import: the client and its dependencies, as published. */
const MODULES: Readonly<Record<string, string>> = {
  '/client/': join(CLIENT, 'dist/'),
  '/eventsource-parser/': `${dirname(require.resolve('eventsource-parser'))}/`,
  '/openapi-fetch/': `${dirname(require.resolve('openapi-fetch'))}/`,
};
const PAGE = `<!doctype html><title>A page</title><script type="importmap">${JSON.stringify({
  imports: {
    '@tidings/client': '/client/index.js',
    'eventsource-parser': '/eventsource-parser/index.js',
    'openapi-fetch': '/openapi-fetch/index.mjs',
  },
})}</script>`;

export interface Pages {
  /** Scheme, host and port of the pages. */
  origin: string;
  stop: () => Promise<void>;
}

/** Serves an empty page that can import `@tidings/client`. */
export async function startPages(port = 0): Promise<Pages> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://pages').pathname;
    const folder = Object.keys(MODULES).find((prefix) => path.startsWith(prefix));
    if (folder === undefined) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
      return;
    }
    const type = /^\.m?js$/.test(extname(path)) ? 'text/javascript' : 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(join(MODULES[folder] ?? '', path.slice(folder.length))));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
