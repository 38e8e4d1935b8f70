import { describe, expect, test } from '@jest/globals';
import { checkSchema } from './check-schema.js';

const EVERYONE = { audience: 'everyone', ownerField: 'user_id' } as const;
const faults = (schema: unknown) => checkSchema(schema, EVERYONE).map(({ field, message }) => `${field} ${message}`);
const withField = (field: unknown) => ({ type: 'object', properties: { price: field } });
/** As many definitions as that, each of which refers twice to the next one. */
const doubling = (levels: number) =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      `d${String(level)}`,
      level === levels - 1
        ? { type: 'string' }
        : {
            type: 'object',
            properties: { a: { $ref: `#/$defs/d${String(level + 1)}` }, b: { $ref: `#/$defs/d${String(level + 1)}` } },
          },
    ]),
  );
const nested = (levels: number): object =>
  levels === 1 ? { type: 'object' } : { type: 'object', properties: { a: nested(levels - 1) } };

describe('a schema', () => {
  test.each<[string, unknown]>([
    ['that is empty', { type: 'object' }],
    [
      'with keywords of its author',
      { type: 'object', 'x-team': 'billing', properties: { a: { type: 'string', 'x-personal': true } } },
    ],
    ['that says its dialect', { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' }],
    ['with a local $ref', { type: 'object', properties: { a: { $ref: '#/$defs/a%20b' } }, $defs: { 'a b': true } }],
    ['with a format that is checked', withField({ type: 'string', format: 'date-time' })],
    [
      'with a format beside a pattern, as zod writes it',
      withField({ type: 'string', format: 'ulid', pattern: '^[0-9A-Z]{26}$' }),
    ],
    ['with a format of numbers, as OpenAPI has it', withField({ type: 'integer', format: 'int64' })],
    ['of objects as deep as data may be', nested(32)],
    [
      'of 1,000 subschemas',
      { type: 'object', properties: Object.fromEntries(Array.from({ length: 999 }, (_, n) => [`p${String(n)}`, true])) },
    ],
    [
      'with fields that are named like parts of JavaScript',
      withField({ properties: { constructor: { type: 'string' }, toString: true } }),
    ],
  ])('%s has no fault', (_, schema) => {
    expect(faults(schema)).toEqual([]);
  });

  test.each<[string, unknown, (string | RegExp)[]]>([
    ['is no object', 'text', [/^schema must be an object/]],
    ['is a list', [], [/^schema must be an object/]],
    ['is true, which says nothing', true, [/^schema must be an object/]],
    ['describes a list', { type: 'array' }, [/^schema\.type must be "object"/]],
    ['may describe something else', { type: ['object', 'null'] }, [/^schema\.type must be "object"/]],
    [
      'is of another dialect',
      { type: 'object', $schema: 'http://json-schema.org/draft-07/schema#' },
      [/^schema\.\$schema must be https/],
    ],
    ['has a misspelt keyword', { type: 'object', requried: ['a'] }, [/^schema\.requried .*: "required" is$/]],
    [
      'has a keyword in the wrong case',
      withField({ minlength: 1 }),
      [/^schema\.properties\.price\.minlength .*: "minLength" is$/],
    ],
    ['has a keyword of draft 07', { type: 'object', definitions: {} }, [/^schema\.definitions .* use "\$defs"$/]],
    ['has the nullable of OpenAPI 3.0', withField({ nullable: true }), [/price\.nullable .* "null"/]],
    ['has a wrong type', withField({ type: 'text' }), [/^schema\.properties\.price\.type must be one of string, number/]],
    ['has a negative length', withField({ minLength: -1 }), [/price\.minLength must be a whole number, 0 or more/]],
    ['marks a field as personal by a text', withField({ 'x-personal': 'yes' }), [/price\["x-personal"\] must be true or false/]],
    ['has no schema where one belongs', withField('string'), [/^schema\.properties\.price must be a schema/]],
    ['has a list of items', withField({ items: [{}] }), [/price\.items must be one schema: use "prefixItems"/]],
    ['has an empty union', withField({ anyOf: [] }), [/price\.anyOf must be a list of at least one schema/]],
    ['has an identifier', { type: 'object', $id: 'https://example.com/a' }, [/^schema\.\$id is not supported/]],
    ['has an anchor', withField({ $anchor: 'a' }), [/price\.\$anchor is not supported/]],
    ['has a dynamic reference', withField({ $dynamicRef: '#a' }), [/price\.\$dynamicRef is not supported/]],
    ['refers to a page', withField({ $ref: 'https://example.com/a.json' }), [/price\.\$ref must refer to a part of this schema/]],
    ['refers to an anchor', withField({ $ref: '#a' }), [/price\.\$ref must refer to a part of this schema/]],
    ['refers to nothing', withField({ $ref: '#/$defs/a' }), [/price\.\$ref refers to a part that the schema does not have/]],
    [
      'refers to what is no schema',
      withField({ $ref: '#/properties' }),
      [/price\.\$ref refers to a part that the schema does not have/],
    ],
    ['contains itself', withField({ $ref: '#' }), [/price\.\$ref leads back to itself/]],
    [
      'has a definition of itself',
      { type: 'object', $defs: { a: { $ref: '#/$defs/a' } } },
      [/^schema\.\$defs\.a\.\$ref leads back/],
    ],
    [
      'has definitions of each other',
      { type: 'object', $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { anyOf: [{ $ref: '#/$defs/a' }] } } },
      [/\$ref leads back to itself/],
    ],
    ['has unique items without a bound', withField({ uniqueItems: true }), [/price\.uniqueItems needs maxItems/]],
    [
      'has unique items with a large bound',
      withField({ uniqueItems: true, maxItems: 1e9 }),
      [/price\.uniqueItems needs maxItems/],
    ],
    [
      'has a format that is not checked',
      withField({ format: 'datetime' }),
      [/price\.format is none of the formats that are checked: date-time/],
    ],
    [
      'has a field that JavaScript cannot hold',
      JSON.parse('{"type":"object","properties":{"__proto__":true}}'),
      [/__proto__ is a name that/],
    ],
    [
      'is too large',
      { type: 'object', description: 'a'.repeat(65_536) },
      [/^schema is 65570 bytes of JSON, over the limit of 65536$/],
    ],
    ['is too deep', nested(33), [/^schema is nested more than 64 levels deep$/]],
    [
      'has too many subschemas',
      { type: 'object', allOf: Array.from({ length: 1000 }, () => true) },
      [/^schema has more than 1,000/],
    ],
    [
      'expands to a thousand subschemas',
      { type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs: doubling(10) },
      [/^schema has more than 1,000 subschemas, the limit, once each \$ref/],
    ],
    [
      'expands to more than there are atoms',
      { type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs: doubling(60) },
      [/more than 1,000/, /nested more than 64 subschemas deep/],
    ],
  ])('that %s is refused, with the place and the reason', (_, schema, expected) => {
    const found = faults(schema);
    expect(found).toHaveLength(expected.length);
    expected.forEach((text, index) => {
      expect(found[index]).toMatch(text);
    });
  });

  test('has its faults named all at once, up to a hundred', () => {
    expect(faults({ type: 'array', requried: [], properties: { a: { type: 'text' }, b: { $ref: '#/x' } } })).toHaveLength(4);
    expect(faults({ type: 'object', allOf: Array.from({ length: 200 }, () => 1) })).toHaveLength(100);
  });
});

describe('a pattern', () => {
  const faultOf = (pattern: string) => faults(withField({ type: 'string', pattern }));

  test.each([
    '^[a-z]+$',
    '(a|b)*c',
    '\\p{Lu}\\d{4}',
    '^\\S+@\\S+$',
    '\\u00e9',
    'a\\-b',
    '^[^\\p{C}]{1,255}$',
    '(?<year>\\d{4})',
    '^(?:a|b)$',
    '\\(?=',
    '[(?=]',
  ])('may be %s', (pattern) => {
    expect(faultOf(pattern)).toEqual([]);
  });

  test.each([
    ['^(?=a)', 'a lookahead "(?="'],
    ['^(?!a)', 'a lookahead "(?!"'],
    ['(?<=a)b', 'a lookbehind "(?<="'],
    ['(a)\\1', 'a reference to a group'],
    ['(?<x>a)\\k<x>', 'a reference to a group'],
    ['(?i)a', 'flags or a group'],
    ['(', 'is not a regular expression'],
    ['\\Aa\\z', 'is not a regular expression'],
    ['[[:alpha:]]', 'is not a regular expression'],
    ['\\p{Script=Greek}', 'is not in the syntax of RE2'],
    ['(a{1000}){1000}', 'is too large once its repeats are written out'],
    ['((a?){30}){30}', 'is too large once its repeats are written out'],
    ['^x\\P{C}{300}$', 'is too large once its repeats are written out'],
    ['a'.repeat(1001), 'is 1001 characters long'],
  ])('is refused when it is %s', (pattern, reason) => {
    expect(faultOf(pattern)).toEqual([expect.stringContaining(`schema.properties.price.pattern`)]);
    expect(faultOf(pattern)[0]).toContain(reason);
  });

  test('is checked as a name in patternProperties, too', () => {
    expect(faults({ type: 'object', patternProperties: { '^(?=a)': true } })).toEqual([
      expect.stringMatching(/^schema\.patternProperties\["\^\(\?=a\)"\] has a lookahead/),
    ]);
  });

  test('is refused when the patterns of a schema are too large together', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`p${String(n)}`, { type: 'string', pattern: `^a${String(n)}(?:b{400}|c)$` }]),
    );
    expect(faults({ type: 'object', properties }).at(-1)).toContain('the patterns of this schema are too large together');
  });
});

describe('the owner field', () => {
  const faultsOf = (schema: object) =>
    checkSchema({ type: 'object', ...schema }, { audience: 'owner', ownerField: 'org_id' }).map(({ field }) => field);

  test('is a required string, as it is written or by a $ref', () => {
    expect(faultsOf({ properties: { org_id: { type: 'string' } }, required: ['org_id'] })).toEqual([]);
    expect(
      faultsOf({ properties: { org_id: { $ref: '#/$defs/id' } }, required: ['org_id'], $defs: { id: { type: 'string' } } }),
    ).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    ['missing', {}, ['schema.properties.org_id']],
    ['optional', { properties: { org_id: { type: 'string' } } }, ['schema.required']],
    ['a number', { properties: { org_id: { type: 'integer' } }, required: ['org_id'] }, ['schema.properties.org_id.type']],
    [
      'a string or null',
      { properties: { org_id: { type: ['string', 'null'] } }, required: ['org_id'] },
      ['schema.properties.org_id.type'],
    ],
    [
      'a $ref that leads nowhere',
      { properties: { org_id: { $ref: '#/x' } }, required: ['org_id'] },
      ['schema.properties.org_id.$ref', 'schema.properties.org_id.type'],
    ],
  ])('may not be %s', (_, schema, places) => {
    expect(faultsOf(schema)).toEqual(places);
  });
});
