import { describeCatalog } from '../src/openapi/describe-catalog.js';
import type { DescribedType, DescribedTypes } from '../src/openapi/described-types.js';
import type { WriteDocument } from '../src/openapi/document.js';
import { catalog } from '@tidings/events';

/** The shipped event types. */
export const shippedTypes: DescribedTypes = await describeCatalog(catalog)();

/** Describes a version of an event type. Default: the only version of a type for everyone, whose data has one field. */
export function describedType(type: string, more: Partial<DescribedType> = {}): DescribedType {
  return {
    type,
    version: 1,
    title: null,
    description: `An event of the type ${type}.`,
    group: null,
    audience: 'everyone',
    ownerField: null,
    schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    examples: [{ name: 'a name' }],
    unknownFields: 'refuse',
    isDefault: true,
    deprecatedAt: null,
    replacedBy: null,
    ...more,
  };
}

/** Writes the document of event types, and reads it. */
export async function readWritten<Document>(write: WriteDocument, types: readonly DescribedType[]): Promise<Document> {
  return JSON.parse((await write({ types, systemTypes: shippedTypes.systemTypes })).join('')) as Document;
}

/** Data and schemas that generators, or the documents themselves, may take for something else. */
export const difficultTypes: readonly DescribedType[] = [
  describedType('order.paid', {
    schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Event',
      type: 'object',
      properties: {
        customer: { $ref: '#/$defs/a person' },
        payer: { $ref: '#/$defs/a person', description: 'Who paid' },
        contact: { $ref: '#/properties/customer' },
        amount: { anyOf: [{ type: 'number', minimum: 0 }, { type: 'integer' }] },
        note: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }] },
        method: { oneOf: [{ const: 'card' }, { const: 'cash' }, { type: 'null' }] },
        steps: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'integer' } },
        tags: { type: 'array', contains: { const: 'new' }, minContains: 2, items: { type: 'string' } },
        properties: { type: 'object', properties: { default: { type: 'string' } } },
        at: { type: 'string', format: 'date-time', pattern: 'Z$' },
        code: { type: 'string', pattern: '^[a-z]{2,9}$', minLength: 3 },
      },
      required: ['customer'],
      dependentRequired: { payer: ['note'] },
      $defs: {
        'a person': { type: 'object', properties: { name: { type: 'string', 'x-personal': true } }, required: ['name'] },
      },
    },
    examples: [{ customer: { name: 'Alice' }, amount: 3, method: 'card', steps: ['one', 2], tags: ['new', 'new'] }],
  }),
  describedType('order.shipped', {
    unknownFields: 'keep',
    schema: {
      type: 'object',
      oneOf: [
        { properties: { parcel: { type: 'string' } }, required: ['parcel'], additionalProperties: false },
        { properties: { letter: { type: 'string' } }, required: ['letter'], additionalProperties: false },
      ],
    },
    examples: [{ parcel: 'p1' }],
  }),
];
