import { describe, expect, test } from '@jest/globals';
import { parseNetworks } from './address.js';
import { createMustVerify } from './must-verify.js';

describe('with VERIFY_WEBHOOKS=public', () => {
  const allowed = parseNetworks('10.0.0.0/8,fd00::/8');
  const mustVerify = createMustVerify('public', { allowed });
  test.each([
    'https://example.com/',
    'https://billing.example.com/',
    // Its owner can let it resolve inside for a moment.
    'https://10.0.0.1.example.com/',
    'http://8.8.8.8/',
    'http://[2606:4700::1111]/',
    'https://internal.example/',
    'https://localhost.example.com/',
  ])('%s must be verified', (url) => {
    expect(mustVerify(url)).toBe(true);
  });
  test.each([
    'http://10.1.2.3/',
    'http://167838211/',
    'http://[fd00::1]/',
    'http://[::ffff:10.1.2.3]:8080/',
    'http://billing/',
    'http://billing.:8080/',
    'http://billing.prod.svc/',
    'http://BILLING.internal./',
  ])('%s is in the network of the operator', (url) => {
    expect(mustVerify(url)).toBe(false);
  });
});

test.each(['https://example.com/', 'http://10.1.2.3/', 'http://billing/'])(
  'on and off are the same for every host: %s',
  (url) => {
    const allowed = parseNetworks('10.0.0.0/8');
    expect(createMustVerify('on', { allowed })(url)).toBe(true);
    expect(createMustVerify('off', { allowed })(url)).toBe(false);
  },
);
