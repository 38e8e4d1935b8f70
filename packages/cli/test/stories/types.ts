import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTerminal, type Terminal } from '../cli.js';
import type { System } from '../system.js';

const OWN_EVENTS = fileURLToPath(new URL('../own-events.ts', import.meta.url));

interface File {
  types: {
    type: string;
    schema: { properties: Record<string, object>; required: string[] };
    examples: [Record<string, unknown>];
  }[];
}

/** Tests of `tidings types`. */
export function typesStories(system: () => System): void {
  /** Opens a terminal whose token may write event types. */
  const tess = (): Terminal => {
    const { tidings } = system();
    return openTerminal({ TIDINGS_URL: tidings.url, TIDINGS_TOKEN: tidings.token('tess', 'event-types:write events:publish') });
  };

  const write = (content: unknown): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  /** Writes the server's types into a file, changes them, and returns the path. */
  const pullAndChange = async (change: (type: File['types'][number]) => void): Promise<string> => {
    const path = write({});
    expect(await tess().run(['types', 'pull', '--json-schema', '--out', path])).toMatchObject({ code: 0, out: '' });
    const file = JSON.parse(readFileSync(path, 'utf8')) as File;
    for (const type of file.types) if (type.type === 'sync.completed') change(type);
    return write(file);
  };

  describe('tidings types pull', () => {
    test('writes the types of TypeScript', async () => {
      const { code, out } = await tess().run('types pull --typescript');
      expect(code).toBe(0);
      expect(out).toContain('"sync.failed": {\n    user_id: string;\n    error_message: string;\n  };');
    });

    test.each(['types pull', 'types pull --typescript --json-schema'])('"%s" is asked for one format', async (command) => {
      expect(await tess().run(command)).toMatchObject({ code: 2, err: expect.stringContaining('name one format') });
    });
  });

  describe('tidings types diff', () => {
    test('finds no difference to what was pulled', async () => {
      const path = await pullAndChange(() => undefined);
      const { code, json } = await tess().json(['types', 'diff', path, '--exact']);
      expect(code).toBe(0);
      expect(json).toMatchObject({ breaking: 0 });
      expect(json.types.length).toBeGreaterThanOrEqual(5);
      expect(json.types.every(({ status }: { status: string }) => status === 'same')).toBe(true);
    });

    test('takes an optional field, and with --exact says that the server lacks it', async () => {
      const path = await pullAndChange(({ schema }) => (schema.properties['mood'] = { type: 'string' }));
      const { code, out } = await tess().run(['types', 'diff', path]);
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('· data.mood: The optional field was added') });
      const exact = await tess().run(['types', 'diff', path, '--exact']);
      expect(exact).toMatchObject({ code: 1, err: 'error: 1 type is not as the server has it.' });
    });

    test('exits with 1 for a change that breaks, and names the field, whom it breaks and the webhooks', async () => {
      const created = await tess().json('webhooks create https://example.com/hook --types sync.*');
      const path = await pullAndChange(({ schema, examples: [example] }) => {
        schema.properties['mood'] = { type: 'string' };
        schema.required.push('mood');
        example['mood'] = 'good';
      });
      const { code, out, err } = await tess().run(['types', 'diff', path]);
      expect(code).toBe(1);
      expect(out).toMatch(/differs:\n {2}✗ data\.mood: The required field was added.*\[field_added, breaks publishers\]/);
      expect(out).toContain(`→ ${String(created.json.id)} of tess (sync.*)`);
      expect(err).toBe('error: 1 change breaks publishers or receivers.');
      await tess().run(['webhooks', 'delete', String(created.json.id)]);
    });

    test("reads a platform's own module, whose new types only --exact refuses", async () => {
      const { code, json } = await tess().json(['types', 'diff', OWN_EVENTS]);
      expect(code).toBe(0);
      expect(json.types).toMatchObject([
        { type: 'invoice.paid', status: 'new', changes: [] },
        { type: 'sync.completed', status: 'same', changes: [] },
      ]);
      expect((await tess().run(['types', 'diff', OWN_EVENTS, '--exact'])).code).toBe(1);
    });

    test('names wrong definitions without asking the server', async () => {
      const path = await pullAndChange(({ schema }) => schema.required.push('mood'));
      const { code, err } = await tess().run(['types', 'diff', path, '--url', 'http://127.0.0.1:1']);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('examples[0].mood: is missing') });
    });
  });

  test('tidings types: a type is pushed, gets a version that breaks publishers, and is archived', async () => {
    const terminal = tess();
    const schema = { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] };
    const shipped = {
      ...{ type: 'order.shipped', title: 'Order shipped', description: 'An order was shipped.', group: 'orders' },
      ...{ audience: 'everyone', schema, examples: [{ order_id: '1' }] },
    };
    const withCarrier = {
      schema: { ...schema, properties: { ...schema.properties, carrier: { type: 'string' } }, required: ['order_id', 'carrier'] },
      examples: [{ order_id: '2', carrier: 'post' }],
    };
    const push = (...definitions: object[]) => terminal.run(['types', 'push', write(definitions)]);

    expect(await push(shipped)).toEqual({ code: 0, out: 'created order.shipped version 1', err: '' });
    expect(await push(shipped)).toEqual({ code: 0, out: 'unchanged order.shipped', err: '' });
    expect(await push({ ...shipped, title: 'Shipped' })).toMatchObject({ out: 'changed order.shipped version 1' });

    const refused = await push({ ...shipped, title: 'Shipped', ...withCarrier });
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('✗ data.carrier: The required field was added') });
    const versions = [
      { ...shipped, version: 1 },
      { ...shipped, version: 2, ...withCarrier },
    ];
    expect(await push(...versions)).toMatchObject({
      code: 0,
      out: 'changed order.shipped version 1\ncreated order.shipped version 2',
    });

    const published = await terminal.json('trigger order.shipped --event-version 2');
    expect(published).toMatchObject({ code: 0, json: { version: 2, data: { order_id: '2', carrier: 'post' } } });
    expect((await terminal.json('trigger order.shipped')).json.data).toEqual({ order_id: '1' });

    expect(await terminal.run('types default order.shipped 2')).toMatchObject({
      code: 1,
      err: expect.stringContaining('order.shipped version 2 breaks publishers of version 1. Nothing was written'),
    });
    expect((await terminal.run('types default order.shipped 2 --yes')).code).toBe(0);
    expect((await terminal.json('trigger order.shipped')).json.data).toEqual({ order_id: '2', carrier: 'post' });

    expect((await terminal.run('types archive order.shipped --version 2')).code).toBe(3);
    expect((await terminal.run('types deprecate order.shipped --replaced-by sync.completed')).code).toBe(0);
    expect((await terminal.run('types list --group orders')).out).toMatch(
      /\norder\.shipped +2 +1,2 +everyone +orders +deprecated \(use sync\.completed\)$/,
    );
    expect((await terminal.run('types deprecate order.shipped --undo')).code).toBe(0);
    expect((await terminal.run('types archive order.shipped --version 1')).code).toBe(0);
    expect((await terminal.json('types list --search order.')).json).toMatchObject([{ versions: [2], deprecated_at: null }]);
    expect((await terminal.run('types archive order.shipped')).code).toBe(0);
    expect((await terminal.json('types list --search order.')).json).toEqual([]);
    expect((await terminal.run('types list --archived')).out).toMatch(/\norder\.shipped .* archived$/);
  });

  test('tidings types push names the scope that the token lacks', async () => {
    const { code, err } = await system().as('tess').run(['types', 'push', OWN_EVENTS]);
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('event-types:write') });
  });
}
