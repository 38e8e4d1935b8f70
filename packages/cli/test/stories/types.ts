import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
  /** Writes the server's types into a file, changes them, and returns the path. */
  const pullAndChange = async (change: (type: File['types'][number]) => void): Promise<string> => {
    const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'types.json');
    expect(await system().as('tess').run(['types', 'pull', '--json-schema', '--out', path])).toMatchObject({ code: 0, out: '' });
    const file = JSON.parse(readFileSync(path, 'utf8')) as File;
    for (const type of file.types) if (type.type === 'sync.completed') change(type);
    writeFileSync(path, JSON.stringify(file));
    return path;
  };

  describe('tidings types pull', () => {
    test('writes the types of TypeScript', async () => {
      const { code, out } = await system().as('tess').run('types pull --typescript');
      expect(code).toBe(0);
      expect(out).toContain('"sync.failed": {\n    user_id: string;\n    error_message: string;\n  };');
    });

    test.each(['types pull', 'types pull --typescript --json-schema'])('"%s" is asked for one format', async (command) => {
      expect(await system().as('tess').run(command)).toMatchObject({ code: 2, err: expect.stringContaining('name one format') });
    });
  });

  describe('tidings types diff', () => {
    test('finds no difference to what was pulled', async () => {
      const path = await pullAndChange(() => undefined);
      const { code, json } = await system().as('tess').json(['types', 'diff', path, '--exact']);
      expect(code).toBe(0);
      expect(json).toMatchObject({ breaking: 0 });
      expect(json.types).toHaveLength(5);
      expect(json.types.every(({ status }: { status: string }) => status === 'same')).toBe(true);
    });

    test('takes an optional field, and with --exact says that the server lacks it', async () => {
      const path = await pullAndChange(({ schema }) => (schema.properties['mood'] = { type: 'string' }));
      const { code, out } = await system().as('tess').run(['types', 'diff', path]);
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('· data.mood: The optional field was added') });
      const exact = await system().as('tess').run(['types', 'diff', path, '--exact']);
      expect(exact).toMatchObject({ code: 1, err: 'error: 1 type is not as the server has it.' });
    });

    test('exits with 1 for a change that breaks, and names the field and whom it breaks', async () => {
      const path = await pullAndChange(({ schema, examples: [example] }) => {
        schema.properties['mood'] = { type: 'string' };
        schema.required.push('mood');
        example['mood'] = 'good';
      });
      const { code, out, err } = await system().as('tess').run(['types', 'diff', path]);
      expect(code).toBe(1);
      expect(out).toMatch(/sync\.completed differs:\n {2}✗ data\.mood: The required field was added.*\[breaks publishers\]/);
      expect(err).toBe('error: 1 change breaks publishers or receivers.');
    });

    test("reads a platform's own module, whose new types only --exact refuses", async () => {
      const { code, json } = await system().as('tess').json(['types', 'diff', OWN_EVENTS]);
      expect(code).toBe(0);
      expect(json.types).toEqual([
        { type: 'invoice.paid', status: 'new', changes: [] },
        { type: 'sync.completed', status: 'same', changes: [] },
      ]);
      expect((await system().as('tess').run(['types', 'diff', OWN_EVENTS, '--exact'])).code).toBe(1);
    });

    test('names wrong definitions without asking the server', async () => {
      const path = await pullAndChange(({ schema }) => schema.required.push('mood'));
      const { code, err } = await system().as('tess').run(['types', 'diff', path, '--url', 'http://127.0.0.1:1']);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('types[2]: examples[0].mood: is missing') });
    });
  });
}
