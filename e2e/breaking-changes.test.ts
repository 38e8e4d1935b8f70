import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractChangeKind } from '@tidings/event-types';
import { runTidings } from './harness/command-line.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { typeBody, type TypeBody } from './harness/type-body.js';
import type { User } from './harness/user.js';

let tidings: Tidings;
let ci: User;
beforeAll(async () => {
  tidings = await startTidings({ workers: 0 });
  ci = tidings.asUser('ci', 'event-types:write');
});
afterAll(() => tidings.stop());

interface Change {
  before: TypeBody;
  after: TypeBody;
  path: string;
  breaks: string;
}
type Breaking = Exclude<ContractChangeKind, 'personal_changed' | 'documentation_changed'>;

const PRICE = { price: { type: 'number' } };
const required = { required: ['price'] };
const keep = { unknown_fields: 'keep' };
const ids = { user_id: { type: 'string' }, org_id: { type: 'string' } };
const owned = { audience: 'owner', required: ['user_id', 'org_id'] };
const price = (schema: object) => typeBody({ price: schema });

/** One change of each kind that breaks somebody: the compiler asks for all of them. */
const CHANGES: Record<Breaking, Change> = {
  field_added: { before: typeBody({}), after: typeBody(PRICE, required), path: 'data.price', breaks: 'publishers' },
  field_removed: { before: typeBody(PRICE), after: typeBody({}), path: 'data.price', breaks: 'publishers,receivers' },
  field_required: { before: typeBody(PRICE), after: typeBody(PRICE, required), path: 'data.price', breaks: 'publishers' },
  field_optional: { before: typeBody(PRICE, required), after: typeBody(PRICE), path: 'data.price', breaks: 'receivers' },
  field_narrowed: {
    before: price({ type: ['number', 'null'] }),
    after: price({ type: 'number' }),
    path: 'data.price',
    breaks: 'publishers',
  },
  field_widened: {
    before: price({ type: 'integer' }),
    after: price({ type: 'number' }),
    path: 'data.price',
    breaks: 'receivers',
  },
  field_type_changed: {
    before: price({ type: 'number' }),
    after: price({ type: 'string' }),
    path: 'data.price',
    breaks: 'publishers,receivers',
  },
  enum_shrunk: { before: price({ enum: [1, 2] }), after: price({ enum: [1] }), path: 'data.price', breaks: 'publishers' },
  enum_grown: { before: price({ enum: [1] }), after: price({ enum: [1, 2] }), path: 'data.price', breaks: 'receivers' },
  unknown_fields_refused: {
    before: typeBody(PRICE, keep),
    after: typeBody(PRICE),
    path: 'unknown_fields',
    breaks: 'publishers',
  },
  unknown_fields_kept: {
    before: typeBody(PRICE),
    after: typeBody(PRICE, keep),
    path: 'unknown_fields',
    breaks: 'receivers',
  },
  audience_changed: {
    before: typeBody(ids, { ...owned, audience: 'everyone' }),
    after: typeBody(ids, owned),
    path: 'audience',
    breaks: 'publishers,receivers',
  },
  owner_field_changed: {
    before: typeBody(ids, owned),
    after: typeBody(ids, { ...owned, owner_field: 'org_id' }),
    path: 'owner_field',
    breaks: 'publishers,receivers',
  },
  undecided: {
    before: price({ type: 'string', pattern: '^a' }),
    after: price({ type: 'string', pattern: '^b' }),
    path: 'data.price',
    breaks: 'publishers,receivers',
  },
};

describe('a change of an event type that breaks somebody is refused and named, and nothing is written', () => {
  test.each(Object.entries(CHANGES))('%s', async (kind, { before, after, path, breaks }) => {
    const type = `broken.${kind}`;
    const url = `/api/event-types/${type}`;
    expect((await ci.call('PUT', url, before)).status).toBe(201);
    const written = (await ci.call('GET', url)).body;

    const refused = await ci.call('PUT', url, after);
    expect(refused).toMatchObject({
      status: 409,
      body: { breaks: breaks.split(','), changes: [{ kind, path, breaks: breaks.split(',') }] },
    });

    const file = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
    // A type beside it, which alone could be written.
    writeFileSync(
      file,
      JSON.stringify([
        { type, ...after },
        { type: `${type}.beside`, ...before },
      ]),
    );
    const push = await runTidings({ url: tidings.url, token: ci.token }, 'types', 'push', file);
    expect(push).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was written') });
    expect(push.stdout).toContain(`✗ ${path}: `);
    expect(push.stdout).toContain(`[${kind}, breaks ${breaks.replace(',', ' and ')}]`);

    expect((await ci.call('GET', url)).body).toEqual(written);
    expect((await ci.call('GET', `${url}.beside`)).status).toBe(404);
  });

  test('a new version takes the change', async () => {
    const url = '/api/event-types/broken.and_again';
    const { before, after } = CHANGES.field_type_changed;
    await ci.call('PUT', url, before);
    expect((await ci.call('PUT', url, after)).status).toBe(409);
    expect(await ci.call('PUT', url, { ...after, version: 2 })).toMatchObject({ status: 201, body: { default_version: 1 } });
  });
});
