import { describe, expect, test } from '@jest/globals';
import type { EventTypeInput } from './event-type-input.js';
import { exampleEvent } from './example-event.js';
import { fixedEventTypes } from './fixed-event-types.js';

const paid: EventTypeInput = {
  name: 'invoice.paid',
  title: null,
  description: 'An invoice was paid.',
  group: null,
  audience: 'owner',
  ownerField: 'org_id',
  unknownFields: 'refuse',
  schema: {
    type: 'object',
    properties: { org_id: { type: 'string' }, cents: { type: 'integer' } },
    required: ['org_id', 'cents'],
  },
  examples: [
    { org_id: 'org_1', cents: 1 },
    { org_id: 'org_2', cents: 2 },
  ],
};
const types = fixedEventTypes([
  paid,
  { ...paid, name: 'price.changed', audience: 'everyone' },
  { ...paid, name: 'invoice.sent', examples: [] },
  {
    ...paid,
    name: 'invoice.lost',
    schema: { type: 'object', properties: { org_id: { type: 'string', pattern: '^org_' } }, required: ['org_id'] },
    examples: [{ org_id: 'org_1' }],
  },
]).current;

describe('an event that is made of an example', () => {
  test('is the first example of the version, with the owner in the field that names the owner', () => {
    expect(exampleEvent(types, { type: 'invoice.paid' }, 'acme')).toEqual({
      type: 'invoice.paid',
      version: 1,
      data: '{"org_id":"acme","cents":1}',
    });
  });

  test('is the example as it is when everyone gets the type', () => {
    expect(exampleEvent(types, { type: 'price.changed', version: 1 }, 'acme')).toMatchObject({
      data: '{"org_id":"org_1","cents":1}',
    });
  });

  test.each([
    ['an unknown type', { type: 'invoice.eaten' }, 'type', '"invoice.eaten" is no event type'],
    ['a type of Tidings itself', { type: 'webhook.disabled' }, 'type', 'is published by Tidings itself'],
    ['an unknown version', { type: 'invoice.paid', version: 2 }, 'version', 'must be a version of the type: 1'],
    [
      'a type whose schema allows no such owner',
      { type: 'invoice.lost' },
      'type',
      'for this owner: data.org_id must match /^org_/u',
    ],
    ['a type without an example', { type: 'invoice.sent' }, 'type', 'has no example in version 1: write the type with one'],
  ])('is refused for %s, with the field that is wrong', (_name, wanted, field, message) => {
    expect(exampleEvent(types, wanted, 'acme')).toEqual({ field, message: expect.stringContaining(message) });
  });
});
