import { describe, expect, test } from '@jest/globals';
import { ApiProblem } from '../api/api.js';
import { mayWriteEventTypes } from '../session/may-write-event-types.js';
import { breakingChangeOf } from './breaking-change.js';
import type { EventType } from './event-types-api.js';
import { faultsAt, faultsInJson, otherFaults } from './faults.js';
import { editPath, eventTypePath, versionOf } from './paths.js';
import { previewRequest } from './preview-request.js';
import { bodyOf, draftOf, faultsOf, NEW_TYPE } from './type-draft.js';
import { searchOfPattern, typePatterns } from './type-patterns.js';

const invoicePaid: EventType = {
  type: 'invoice.paid',
  version: 2,
  default_version: 1,
  versions: [1, 2],
  archived_versions: [],
  title: null,
  description: 'An invoice was paid.',
  group: 'Billing',
  audience: 'owner',
  owner_field: 'org_id',
  schema: { type: 'object', properties: { org_id: { type: 'string' } }, required: ['org_id'] },
  examples: [{ org_id: 'acme' }],
  unknown_fields: 'keep',
  deprecated_at: null,
  replaced_by: null,
  archived_at: null,
  created_at: '2026-11-24T10:00:00Z',
  updated_at: '2026-11-24T10:00:00Z',
};

describe('the form of an event type', () => {
  test('sends a type back as the API returned it', () => {
    expect(JSON.parse(bodyOf(draftOf(invoicePaid), { version: 2 }))).toEqual({
      title: null,
      description: 'An invoice was paid.',
      group: 'Billing',
      audience: 'owner',
      owner_field: 'org_id',
      unknown_fields: 'keep',
      version: 2,
      schema: invoicePaid.schema,
      examples: invoicePaid.examples,
    });
  });

  test('sends JSON with the digits that were typed', () => {
    const draft = { ...NEW_TYPE, schema: '{"maximum": 9007199254740993}', examples: [{ key: 1, text: '{"price": 1.10}' }] };
    expect(bodyOf(draft, {})).toContain('"schema":{"maximum": 9007199254740993},"examples":[{"price": 1.10}]');
  });

  test('sends no owner field for events of everyone', () => {
    expect(JSON.parse(bodyOf({ ...NEW_TYPE, audience: 'everyone' }, {}))).not.toHaveProperty('owner_field');
  });

  test.each([
    ['', 'A name is required.'],
    ['invoice', 'at least two parts'],
    ['Invoice.paid', 'lower-case'],
    ['invoice.paid.', 'at least two parts'],
    ['a/b.paid', 'only lower-case letters'],
    [`invoice.${'x'.repeat(93)}`, 'at most 100 characters'],
  ])('explains why the name "%s" cannot be one', (type, message) => {
    expect(faultsAt(faultsOf({ ...NEW_TYPE, type }), 'type')).toContain(message);
  });

  test('names each text that is no JSON, at its field', () => {
    const faults = faultsOf({
      ...NEW_TYPE,
      type: 'invoice.paid',
      schema: '{"type": }',
      examples: [
        { key: 1, text: '{}' },
        { key: 2, text: ' ' },
      ],
    });
    expect(faults.map(({ field }) => field)).toEqual(['schema', 'examples[1]']);
    expect(faultsAt(faults, 'schema')).toBe('This is not valid JSON. Line 1: a value is expected before “}”.');
    expect(faultsAt(faults, 'examples[1]')).toBe('This is not valid JSON. The field is empty.');
  });
});

describe('the faults that the API names', () => {
  const faults = [
    { field: 'schema.properties.price.pattern', message: 'is no pattern in RE2 syntax' },
    { field: 'schema', message: 'must be an object' },
    { field: 'examples[1].price', message: 'must be a number' },
    { field: 'examples[10]', message: 'must be an object' },
    { field: 'version', message: 'must be 3' },
    { field: '', message: 'nothing fits' },
  ];
  test('are shown at their fields, with the place inside', () => {
    expect(faultsAt(faults, 'schema')).toBe('properties.price.pattern: is no pattern in RE2 syntax\nMust be an object.');
    expect(faultsAt(faults, 'examples[1]')).toBe('price: must be a number');
    expect(faultsAt(faults, 'owner_field')).toBeUndefined();
  });
  test('have the line of their place in the text', () => {
    const text = '{\n  "properties": {\n    "price": {\n      "pattern": "("\n}}}';
    expect(faultsInJson(faults, 'schema', text)).toContain('Line 4, properties.price.pattern: is no pattern');
    expect(faultsInJson(faults, 'schema', '{}')).toContain('properties.price.pattern: is no pattern');
    expect(faultsInJson([{ field: 'schema', message: 'is no JSON' }], 'schema', '{')).toBe('Is no JSON.');
  });
  test('are shown above the form where it has no field for them', () => {
    expect(otherFaults(faults, 2)).toEqual(['examples[10]: must be an object', 'version: must be 3', 'Nothing fits.']);
  });
});

describe('a write that the API refuses', () => {
  const change = { path: 'data.price', kind: 'field_removed', breaks: ['receivers'], message: 'The field is gone.' };
  test('as breaking carries the changes and the webhooks', () => {
    const problem = { title: 'The change breaks a contract', breaks: ['receivers'], changes: [change] };
    expect(breakingChangeOf(new ApiProblem(409, problem))).toEqual({ changes: [change], webhooks: [], more_webhooks: false });
  });
  test('for another reason is no breaking change', () => {
    expect(breakingChangeOf(new ApiProblem(409, { title: 'Conflict' }))).toBeNull();
    expect(breakingChangeOf(new Error('breaking-change'))).toBeNull();
  });
});

test('the preview is the request of a webhook, with the example as data', () => {
  const now = new Date('2026-11-24T10:00:00.000Z');
  const request = previewRequest({ type: 'invoice.paid', version: 2, example: '{"org_id": "acme"}', now });
  expect(request?.headers.split('\n').slice(2)).toEqual([
    'webhook-id: evt_…',
    'webhook-timestamp: 1795514400',
    'webhook-event-version: 2',
    'webhook-signature: v1,…',
  ]);
  expect(JSON.parse(request?.body ?? '')).toEqual({
    type: 'invoice.paid',
    timestamp: '2026-11-24T10:00:00.000Z',
    data: { org_id: 'acme' },
  });
  expect(previewRequest({ type: 'invoice.paid', version: 2, example: '{', now })).toBeNull();
});

describe('the patterns to choose from', () => {
  const types = [
    { type: 'invoice.paid', versions: [1, 2] },
    { type: 'order.shipped', versions: [3] },
    { type: 'invoice.sent', versions: [1] },
  ];
  test('are each area with its types', () => {
    expect(typePatterns(types, { withVersions: false })).toEqual([
      'invoice.*',
      'invoice.paid',
      'invoice.sent',
      'order.*',
      'order.shipped',
    ]);
  });
  test('may name single versions of types that have several', () => {
    const patterns = typePatterns(types, { withVersions: true });
    expect(patterns.filter((pattern) => pattern.includes('@'))).toEqual(['invoice.paid@1', 'invoice.paid@2']);
  });
  test.each([
    ['invoice.paid@2', 'invoice.paid'],
    ['invoice.paid@', 'invoice.paid'],
    ['invoice.*', 'invoice'],
    [' invoice.', 'invoice'],
    ['inv', 'inv'],
  ])('are found while "%s" is typed by the search "%s"', (typed, search) => {
    expect(searchOfPattern(typed)).toBe(search);
  });
});

test('addresses carry the version', () => {
  expect(eventTypePath('invoice.paid')).toBe('/event-types/invoice.paid');
  expect(versionOf(new URL(editPath('invoice.paid', 'edit', 12), 'https://x').searchParams)).toBe(12);
  for (const text of ['0', '-1', '1.5', 'x', '']) expect(versionOf(new URLSearchParams({ version: text }))).toBeUndefined();
});

test.each([
  ['event-types:write', true],
  ['admin', true],
  ['events:publish', false],
])('a token with the scope %s shows the actions that write types: %s', (scope, expected) => {
  expect(mayWriteEventTypes(new Set([scope]))).toBe(expected);
});
