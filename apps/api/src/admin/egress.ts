import { z } from 'zod';
import { formatNetwork, WEBHOOK_PORTS, type UrlRules } from '@tidings/egress';
import { route, type Route } from '../openapi/route.js';
import { ADMIN } from './scope.js';

/** The rules of the requests to receivers, as this process has them. */
export interface EgressRules {
  urls: UrlRules;
  /** Whether EGRESS_PROXY is set. */
  hasProxy: boolean;
}

const networks = z.array(z.string()).meta({ examples: [['10.20.0.0/16']] });

const egressJson = z
  .strictObject({
    allowed_networks: networks.describe('Networks that webhooks may reach although they are not public: `EGRESS_ALLOW_CIDRS`.'),
    denied_networks: networks.describe('Networks that webhooks may not reach although they are public: `EGRESS_DENY_CIDRS`.'),
    ports: z
      .array(z.strictObject({ first: z.int(), last: z.int() }).meta({ id: 'PortRange' }))
      .describe('The ports that the URL of a webhook may have.'),
    internal_names: z
      .boolean()
      .describe('Whether the host may have an internal name, such as `localhost` or `db.local`: with any allowed network.'),
    https_only: z.boolean().describe('Whether the registration of `http:` URLs is refused: `REQUIRE_HTTPS`.'),
    proxy: z.boolean().describe('Whether `EGRESS_PROXY` is set. Its URL, which may have a password, is not shown.'),
  })
  .meta({ id: 'EgressRules' });

/** The route of the egress rules. */
export function egressRoutes({ urls, hasProxy }: EgressRules): Route[] {
  const { allowed, denied = [] } = urls.addresses;
  const rules: z.output<typeof egressJson> = {
    allowed_networks: allowed.map(formatNetwork),
    denied_networks: denied.map(formatNetwork),
    ports: WEBHOOK_PORTS.map(([first, last]) => ({ first, last })),
    internal_names: allowed.length > 0,
    https_only: urls.requireHttps,
    proxy: hasProxy,
  };
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/egress',
        operationId: 'getEgressRules',
        summary: 'The addresses that webhooks may reach',
        description:
          'The rules in effect in the process that answers. Workers, which send the requests, need the same `EGRESS_…` settings.',
        access: ADMIN,
        responses: { 200: { description: 'The rules in effect.', schema: egressJson } },
      },
      (_call, response) => {
        response.json(rules);
      },
    ),
  ];
}
