import { expect, test } from '@jest/globals';
import { hostNetworks } from '@tidings/egress';
import { checkEgress } from './egress.js';

const check = (env: Record<string, string>) => checkEgress(env, hostNetworks(['203.0.113.7']), null);

test.each([
  ['no private network', {}, 'ok', /^webhooks reach public addresses only, by the settings of this environment/],
  ['a proxy', { EGRESS_PROXY: 'http://proxy:3128' }, 'ok', /only, through EGRESS_PROXY, by/],
  ['this machine', { EGRESS_ALLOW_CIDRS: '127.0.0.0/8,::1/128' }, 'warning', /127\.0\.0\.0\/8, ::1\/128 .*: this machine, by/],
  ['a network without a probe address', { EGRESS_ALLOW_CIDRS: '10.9.0.0/16' }, 'warning', /may reach 10\.9\.0\.0\/16/],
  ['everything', { EGRESS_ALLOW_CIDRS: '0.0.0.0/0' }, 'wrong', /the cloud metadata service, this machine, private networks, by/],
  [
    'everything except the metadata service',
    { EGRESS_ALLOW_CIDRS: '0.0.0.0/0', EGRESS_DENY_CIDRS: '169.254.0.0/16' },
    'warning',
    /./,
  ],
  ['an invalid network', { EGRESS_ALLOW_CIDRS: 'all' }, 'wrong', /EGRESS_ALLOW_CIDRS is wrong: "all" is not a network/],
  ['a missing file of certificates', { EGRESS_CA_FILE: '/nowhere.pem' }, 'wrong', /EGRESS_CA_FILE is wrong: ENOENT/],
])('egress settings with %s', async (_case, env, level, message) => {
  expect(await check(env as Record<string, string>)).toMatchObject({ level, message: expect.stringMatching(message) });
});
