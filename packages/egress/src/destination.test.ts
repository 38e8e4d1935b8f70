import { describe, expect, test } from '@jest/globals';
import { destinationOf } from './destination.js';

describe('the destination of a URL', () => {
  test.each([
    ['https://example.com/hook', 'example.com'],
    ['http://example.com/other?query', 'example.com'],
    ['https://example.com:8443/', 'example.com'],
    ['https://EXAMPLE.Com/', 'example.com'],
    ['https://example.com./', 'example.com'],
    ['https://ｅxample.com/', 'example.com'],
    ['https://%65xample.com/', 'example.com'],
    ['https://a.example.com/', 'a.example.com'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['http://192.0.2.1/', '192.0.2.1'],
    ['http://192.0.2.1.:8080/', '192.0.2.1'],
    ['http://0xc0000201/', '192.0.2.1'],
    ['http://3221225985/', '192.0.2.1'],
    ['http://192.0.513/', '192.0.2.1'],
    ['http://[::ffff:192.0.2.1]/', '192.0.2.1'],
    ['http://[64:ff9b::c000:201]/', '192.0.2.1'],
    ['http://[2001:db8:0:1::7]/', '2001:db8:0:1::/64'],
    ['http://[2001:DB8:0:1:ffff::1]:81/', '2001:db8:0:1::/64'],
    ['http://[2001:db8:0:2::7]/', '2001:db8:0:2::/64'],
  ])('of %s is %s', (url, destination) => {
    expect(destinationOf(url)).toBe(destination);
  });
});
