import { beforeEach, expect, test } from '@jest/globals';
import express from 'express';
import supertest from 'supertest';
import { shippedTypes } from '../../test/described-types.js';
import type { DescribedTypes } from './described-types.js';
import { createDocumentHandler } from './document-route.js';

let described: DescribedTypes;
/** The revisions that were written, each with the function that ends its writing. */
let written: { revision: string; end: (error?: Error) => void }[];
let waitsForEnd: boolean;
beforeEach(() => {
  described = { ...shippedTypes, revision: 'one' };
  written = [];
  waitsForEnd = false;
});

const changeTo = (revision: string) => {
  described = { ...described, revision };
};

/** Serves a document that names the revision. */
function serve() {
  const handle = createDocumentHandler(
    () => Promise.resolve(described),
    () => {
      const { revision } = described;
      return new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          if (error) reject(error);
          else resolve(['{"revision":', `"${revision}"}`]);
        };
        written.push({ revision, end });
        if (!waitsForEnd) end();
      });
    },
  );
  const app = express();
  app.disable('etag');
  app.get('/', (request, response) => handle(request, response));
  return { get: () => supertest(app).get('/') };
}

/** Waits until the writing of so many documents has begun. */
async function untilWritten(count: number): Promise<void> {
  while (written.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test('a document is written once for each revision of the types', async () => {
  const server = serve();
  expect((await server.get()).body).toEqual({ revision: 'one' });
  expect((await server.get()).body).toEqual({ revision: 'one' });
  changeTo('two');
  expect((await server.get()).body).toEqual({ revision: 'two' });
  expect(written.map(({ revision }) => revision)).toEqual(['one', 'two']);
});

test('a client that has the document gets a 304 until the types change', async () => {
  const server = serve();
  const first = await server.get();
  const etag = String(first.headers['etag']);
  expect(first.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'application/json; charset=utf-8' });
  const again = await server.get().set('If-None-Match', `"another", ${etag}`);
  expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
  changeTo('a second one');
  const changed = await server.get().set('If-None-Match', etag);
  expect([changed.status, changed.body]).toEqual([200, { revision: 'a second one' }]);
  expect(changed.headers['etag']).toMatch(/^W\/"a%20second%20one-[\w-]{16}"$/);
});

test('a client gets the document in the form that it accepts', async () => {
  const server = serve();
  const [compressed, plain] = [await server.get(), await server.get().set('Accept-Encoding', 'identity')];
  expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(plain.headers).not.toHaveProperty('content-encoding');
  expect(plain.body).toEqual(compressed.body);
});

test('requests at the same time wait for one writing', async () => {
  waitsForEnd = true;
  const server = serve();
  const answers = Promise.all([server.get(), server.get(), server.get()]);
  await untilWritten(1);
  written[0]?.end();
  expect((await answers).map(({ body }) => body as object)).toEqual(Array(3).fill({ revision: 'one' }));
  expect(written.length).toBe(1);
});

test('a request after a change does not get the document that is being written', async () => {
  waitsForEnd = true;
  const server = serve();
  const before = server.get().then(({ body }) => body as object);
  await untilWritten(1);
  changeTo('two');
  const after = server.get().then(({ body }) => body as object);
  written[0]?.end();
  await untilWritten(2);
  written[1]?.end();
  expect(await Promise.all([before, after])).toEqual([{ revision: 'one' }, { revision: 'two' }]);
});

test('a failed writing fails its requests, and the next one starts again', async () => {
  waitsForEnd = true;
  const server = serve();
  const failed = server.get().then(({ status }) => status);
  await untilWritten(1);
  written[0]?.end(new Error('no memory'));
  expect(await failed).toBe(500);
  waitsForEnd = false;
  expect((await server.get()).status).toBe(200);
});
