import { expect, test } from '@jest/globals';
import { catalog } from '@tidings/events';
import { checkDefinition } from './check-definition.js';
import { shippedDefinitions } from './shipped-definitions.js';

test('the types of a new installation are definitions that a file could have, and refuse unknown fields', () => {
  const definitions = shippedDefinitions();
  expect(definitions.map(({ type }) => type)).toEqual(catalog.types);
  for (const definition of definitions) {
    expect(checkDefinition(definition)).toEqual({ definition });
    expect(definition).toMatchObject({ unknown_fields: 'refuse', examples: [expect.anything()] });
  }
});
