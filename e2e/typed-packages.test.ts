import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** A service of a platform, outside this repository, with types of its own. */
const SERVICE = `
import { createClient } from '@tidings/client';
import { createCatalog, defineEvent } from '@tidings/events/define';
import { createHttpPublisher } from '@tidings/events/http';
import { createOutbox } from '@tidings/events/outbox';
import { createPublisher } from '@tidings/events/queue';
import { z } from 'zod';

export const invoicePaid = defineEvent({
  type: 'invoice.paid',
  audience: 'owner',
  ownerField: 'org_id',
  description: 'An invoice was paid.',
  schema: z.strictObject({ org_id: z.string(), amount: z.number(), note: z.string().optional() }),
  example: { org_id: 'acme', amount: 1 },
});
export const catalog = createCatalog([invoicePaid]);
const http = createHttpPublisher({ url: 'https://tidings.example.com', token: 'token', catalog });
const queue = createPublisher({ redis: 'redis://localhost', catalog });
const outbox = createOutbox({ catalog });
const client = createClient<typeof catalog>({ url: 'https://tidings.example.com', token: 'token' });
declare const run: Parameters<typeof outbox.publish>[0];
declare const data: { org_id: string; amount: number };

export const right = async (): Promise<void> => {
  await http.publish({ type: 'invoice.paid', data });
  await queue.publish(invoicePaid(data));
  await outbox.publish(run, invoicePaid(data, { id: 'invoice-1' }));
  await client.api.POST('/api/events', { body: { type: 'invoice.paid', data } });
  await client.stream({
    types: ['invoice.*'],
    onEvent: (event) => (event.type === 'invoice.paid' ? event.data.amount : event.data.webhook_id),
  });
};
`;
/** Each line is wrong: the type, a field, or its value. */
const WRONG = `
import { catalog } from './service.js';
import { createClient } from '@tidings/client';
import { createHttpPublisher } from '@tidings/events/http';
import { createPublisher } from '@tidings/events/queue';
const http = createHttpPublisher({ url: '', token: '', catalog });
const queue = createPublisher({ redis: '', catalog });
const client = createClient<typeof catalog>({ url: '', token: '' });
void http.publish({ type: 'invoice.sent', data: { org_id: 'acme', amount: 1 } });
void http.publish({ type: 'invoice.paid', data: { user_id: 'acme', amount: 1 } });
void queue.publish({ type: 'invoice.paid', data: { org_id: 'acme', amount: '1' } });
void client.stream({ types: ['sync.*'], onEvent: () => undefined });
`;

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const RESOLUTIONS = {
  nodenext: { module: ts.ModuleKind.NodeNext },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

/** Compiles files in memory, which import what is packed and installed, and returns the wrong lines with what is wrong. */
function compile(resolution: ts.CompilerOptions, files: Record<string, string>): string[] {
  const options: ts.CompilerOptions = {
    ...resolution,
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, target: ts.ScriptTarget.ES2022 },
    types: ['node'],
  };
  const byPath = new Map(Object.entries(files).map(([name, text]) => [join(FOLDER, name), text]));
  const host = ts.createCompilerHost(options);
  const withFiles: ts.CompilerHost = {
    ...host,
    fileExists: (path) => byPath.has(path) || host.fileExists(path),
    readFile: (path) => byPath.get(path) ?? host.readFile(path),
    getSourceFile: (path, language) => {
      const text = byPath.get(path);
      return text === undefined ? host.getSourceFile(path, language) : ts.createSourceFile(path, text, language);
    },
  };
  const program = ts.createProgram([...byPath.keys()], options, withFiles);
  const own = [...byPath.keys()].flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)));
  return own.map(({ file, start = 0, messageText }) => {
    const line = file?.text.slice(file.text.lastIndexOf('\n', start) + 1).split('\n')[0] ?? '';
    return `${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

describe.each(Object.entries(RESOLUTIONS))('with the module resolution %s, a service with its own types', (_, resolution) => {
  test('compiles: publishers, the outbox and the client infer them from the catalog', () => {
    expect(compile(resolution, { 'service.ts': SERVICE })).toEqual([]);
  });

  test('does not compile with another type, a missing field or a wrong value', () => {
    const faults = compile(resolution, { 'service.ts': SERVICE, 'wrong.ts': WRONG });
    expect(faults).toEqual([
      expect.stringContaining('invoice.sent'),
      expect.stringContaining('user_id'),
      expect.stringContaining("amount: '1'"),
      expect.stringContaining("'sync.*'"),
    ]);
  });
});
