import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog } from '@tidings/events';
import { ConfigError } from './config-error.js';
import { readEventTypes } from './read-event-types.js';

const OWN = fileURLToPath(new URL('../test/own-events.ts', import.meta.url));
const namesOf = (types: readonly { type: string }[]) => types.map(({ type }) => type);

test('without EVENT_TYPES, an installation has the types of a new one', async () => {
  expect(namesOf(await readEventTypes(undefined))).toEqual(catalog.types);
});

test('with EVENT_TYPES it has those that the module exports, each once', async () => {
  expect(namesOf(await readEventTypes(OWN))).toEqual(['invoice.paid', 'order.shipped']);
});

describe('a mistake of the configuration', () => {
  test('is each fault of the definitions, as one of the list', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
    writeFileSync(path, JSON.stringify({ type: 'webhook.sent', audience: 'everyone', schema: { type: 'object' } }));
    const read = readEventTypes(path);
    await expect(read).rejects.toThrow(ConfigError);
    await expect(read).rejects.toMatchObject({
      mistakes: [
        expect.stringContaining(`EVENT_TYPES ${path} cannot be used: the file: type: is reserved`),
        expect.stringContaining('the file: description: is missing'),
      ],
    });
  });

  test('is a path that leads nowhere', async () => {
    await expect(readEventTypes('./no-such-events.mjs')).rejects.toThrow(
      /EVENT_TYPES \.\/no-such-events\.mjs cannot be used: .*Cannot find module/,
    );
  });
});
