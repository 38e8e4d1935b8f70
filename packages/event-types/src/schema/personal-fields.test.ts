import { expect, test } from '@jest/globals';
import { personalFields } from './personal-fields.js';

test('the personal fields of a schema are found wherever it has them', () => {
  const personal = { type: 'string', 'x-personal': true };
  expect(
    personalFields({
      type: 'object',
      properties: {
        email: personal,
        'first name': personal,
        id: { type: 'string', 'x-personal': false },
        address: { $ref: '#/$defs/address' },
        people: { type: 'array', items: { properties: { name: personal } } },
        contacts: { additionalProperties: { properties: { phone: personal } } },
        payment: { anyOf: [{ properties: { iban: personal } }, { type: 'null' }] },
      },
      $defs: { address: { properties: { street: personal } }, unused: { properties: { secret: personal } } },
    }),
  ).toEqual(['["first name"]', 'address.street', 'contacts.*.phone', 'email', 'payment.iban', 'people[].name']);
});
