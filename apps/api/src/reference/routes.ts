import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { compressOnce, sendCompressed, type Compressed } from '../http/compressed.js';
import { route, type Route } from '../openapi/route.js';
import { page, script, style } from './page.js';

/** The path of the reference. */
const PAGE = '/docs';

/**
 * The Content-Security-Policy of the page: it may load scripts and styles from this server, and call this server. Swagger UI
 * draws its arrows from `data:` URLs. Inline code, other origins and `eval` are forbidden.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

const require = createRequire(import.meta.url);

/**
 * Creates the route `/docs`, a page of Swagger UI on which people read and try the API, and the routes of its files, which
 * come from the installed package.
 *
 * @param basePath the path below which browsers find them; empty: none
 */
export function referenceRoutes(basePath: string): Route[] {
  const { version } = require('swagger-ui-dist/package.json') as { version: string };
  const ownFile = (name: string, text: string) => file(`${digest(text)}-${name}`, () => Promise.resolve(Buffer.from(text)));
  const packageFile = (path: string) => file(`${version}-${basename(path)}`, () => readFile(path));
  const files = {
    swaggerScript: packageFile(require.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    swaggerStyle: packageFile(require.resolve('swagger-ui-dist/swagger-ui.css')),
    script: ownFile('reference.js', script(basePath)),
    style: ownFile('reference.css', style),
  };
  const { swaggerScript, swaggerStyle, ...ownFiles } = files;
  const html = page({
    basePath,
    swaggerScript: swaggerScript.path,
    swaggerStyle: swaggerStyle.path,
    script: ownFiles.script.path,
    style: ownFiles.style.path,
  });
  return [
    route(
      {
        method: 'get',
        path: PAGE,
        operationId: 'getReference',
        summary: 'This document as a page',
        access: 'public',
        responses: { 200: { description: 'The page.', schema: z.string(), contentType: 'text/html' } },
      },
      (_call, response) => {
        response.set({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' }).type('html').send(html);
      },
    ),
    ...Object.values(files),
  ];
}

/**
 * Creates the route of a file. Its name changes with its content, so browsers may cache it forever. The first request reads
 * and compresses it.
 */
function file(name: string, read: () => Promise<Buffer>): Route {
  const path = `${PAGE}/${name}`;
  let content: Promise<Compressed> | undefined;
  const load = async () => compressOnce(await read());
  return route(
    {
      method: 'get',
      path,
      operationId: name,
      summary: name,
      access: 'public',
      isPageFile: true,
      responses: { 200: { description: 'The file.' } },
    },
    async ({ request }, response) => {
      content ??= load().catch((error: unknown) => {
        content = undefined;
        throw error;
      });
      response.set('cache-control', 'public, max-age=31536000, immutable').type(extname(path));
      sendCompressed(request, response, await content);
    },
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
