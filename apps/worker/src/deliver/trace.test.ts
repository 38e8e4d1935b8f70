import { expect, test } from '@jest/globals';
import { errorTypeOf } from './trace.js';

test.each([
  [200, null, null],
  // A failure of the delivery, but not of HTTP.
  [302, 'http_status', null],
  [404, 'http_status', '404'],
  [503, 'http_status', '503'],
  [999, 'protocol', 'protocol'],
  [null, 'timeout', 'timeout'],
  [null, 'dns', 'dns'],
] as const)('a request that ended with %s (%s) has the error.type %s', (statusCode, errorClass, type) => {
  expect(errorTypeOf({ statusCode, errorClass })).toBe(type);
});
