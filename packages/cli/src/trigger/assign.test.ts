import { describe, expect, test } from '@jest/globals';
import { writeJson } from '@tidings/events';
import { assign, type FieldSchema } from './assign.js';

const schema: FieldSchema = {
  properties: {
    user_id: { type: 'string' },
    items: { type: 'integer' },
    tags: { type: 'array' },
    counts: { additionalProperties: { type: 'integer' } },
    by: { properties: { name: { type: 'string' } }, additionalProperties: false },
  },
  additionalProperties: false,
};
const data = { user_id: 'alice', items: 1, by: { name: 'x', kept: true } };
const set = (path: string, text: string) => assign(data, schema, [{ path, text }]);

describe('--set', () => {
  test.each([
    ['items', '150', { ...data, items: 150 }],
    ['user_id', '150', { ...data, user_id: '150' }],
    ['user_id', 'true', { ...data, user_id: 'true' }],
    ['tags', '["a"]', { ...data, tags: ['a'] }],
    ['items', 'many', { ...data, items: 'many' }],
    ['by.name', 'y', { ...data, by: { name: 'y', kept: true } }],
    ['counts.artists', '7', { ...data, counts: { artists: 7 } }],
  ])('sets %s=%s', (path, text, expected) => {
    expect(set(path, text)).toEqual(expected);
    expect(data.by.name).toBe('x');
  });

  test.each([
    ['items', '9007199254740993', '"items":9007199254740993'],
    ['counts.artists', ' 1.0 ', '"artists":1.0'],
    ['counts', '{"artists":1e2}', '"counts":{"artists":1e2}'],
    ['tags', '[12345678901234567890]', '"tags":[12345678901234567890]'],
  ])('keeps the digits of %s=%s', (path, text, expected) => {
    expect(writeJson(set(path, text))).toContain(expected);
  });

  test.each([
    ['itmes', 'data.itmes: is not a known field (fields: user_id, items, tags, counts, by)'],
    ['by.nam', 'data.by.nam: is not a known field (fields: name)'],
    ['by.name.first', 'data.by.name.first: is not a known field'],
    ['__proto__.polluted', 'data.__proto__: is not a known field'],
    ['counts.__proto__', 'data.counts.__proto__: is not a known field'],
    ['', 'data.: is not a known field'],
  ])('refuses %j, which is not in the schema, and names it', (path, message) => {
    expect(() => set(path, '1')).toThrow(message);
  });
});
