import { expect, test } from '@jest/globals';
import { startApi } from '../../test/start-api.js';

const PASSWORD = 'hunter2';
const rulesOf = async (env: Record<string, string>) => {
  const api = await startApi({ env });
  const { status, body, text } = await api.as('olga', 'admin').get('/api/admin/egress');
  await api.stop();
  expect(status).toBe(200);
  expect(text).not.toContain(PASSWORD);
  return body as object;
};

test('the egress rules are the settings in effect, without the credentials of the proxy', async () => {
  expect(
    await rulesOf({
      EGRESS_ALLOW_CIDRS: '10.20.0.0/16, fd00::/8',
      EGRESS_DENY_CIDRS: '198.51.99.0/24',
      EGRESS_PROXY: `http://tidings:${PASSWORD}@proxy:3128`,
      REQUIRE_HTTPS: 'true',
    }),
  ).toEqual({
    allowed_networks: ['10.20.0.0/16', 'fd00::/8'],
    denied_networks: ['198.51.99.0/24'],
    ports: [
      { first: 80, last: 80 },
      { first: 443, last: 443 },
      { first: 1024, last: 65_535 },
    ],
    internal_names: true,
    https_only: true,
    proxy: true,
  });
});

test('without settings, webhooks reach public addresses with public names only', async () => {
  expect(await rulesOf({})).toMatchObject({
    allowed_networks: [],
    denied_networks: [],
    internal_names: false,
    https_only: false,
    proxy: false,
  });
});
