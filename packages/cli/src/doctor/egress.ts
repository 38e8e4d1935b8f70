import { createClient } from '@tidings/client';
import { egressSettings, readConfig, sharedSettings } from '@tidings/config';
import { createGuard, formatNetwork, parseNetworks, type Network } from '@tidings/egress';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const egress = findingFactory('egress');

/** Addresses that no webhook may reach unless the operator allows their network. */
const PROBES = [
  { host: '169.254.169.254', what: 'the cloud metadata service' },
  { host: '127.0.0.1', what: 'this machine' },
  { host: '::1', what: 'this machine' },
  { host: 'localhost', what: 'this machine' },
  { host: '10.0.0.1', what: 'private networks' },
  { host: '192.168.0.1', what: 'private networks' },
  { host: 'fd00::1', what: 'private networks' },
];

/** The cloud metadata service gives out credentials of the machine: allowing it is always a mistake. */
const METADATA = '169.254.169.254';
const TIMEOUT_MS = 5000;

/** The rules that decide which addresses webhooks may reach. */
interface Rules {
  allowed: readonly Network[];
  denied: readonly Network[];
  hasProxy: boolean;
}

/** A running API, and the token that may ask it. */
export interface AskedApi {
  url: string;
  token: string;
}

/**
 * Checks that the egress guard keeps webhooks out of private networks: with the rules of the running API when the token may ask for
 * them, otherwise with the settings of the environment, and the finding says so. The guard resolves each probe address; no
 * connection to one is opened.
 *
 * @param localAddresses this machine's addresses
 * @param api null: there is no URL or no token
 */
export async function checkEgress(
  env: NodeJS.ProcessEnv,
  localAddresses: readonly Network[],
  api: AskedApi | null,
): Promise<Finding> {
  let own: Rules;
  try {
    own = readOwnRules(env);
  } catch (error) {
    return egress.wrong(
      reasonOf(error).replaceAll(/\n\s*/g, ' '),
      'Workers do not start with this value. See docs/configuration.md.',
    );
  }
  const asked = api === null ? 'there is no --url or no --token' : await askApi(api);
  if (typeof asked === 'string') return judge(own, localAddresses, `by the settings of this environment (${asked})`);
  const isSet = ['EGRESS_ALLOW_CIDRS', 'EGRESS_DENY_CIDRS', 'EGRESS_PROXY'].some((name) => env[name]);
  const finding = await judge(asked, localAddresses, 'by the rules of the API');
  if (finding.level === 'wrong' || !isSet || textOf(own) === textOf(asked)) return finding;
  return egress.warning(
    `the API has other rules than this environment: ${textOf(asked)}; here ${textOf(own)}`,
    'Give the API and the workers the same EGRESS_… settings, and restart them.',
  );
}

function readOwnRules(env: NodeJS.ProcessEnv): Rules {
  const { EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS, EGRESS_PROXY } = sharedSettings;
  const settings = readConfig({ EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS, EGRESS_PROXY, ...egressSettings }, env);
  const { EGRESS_ALLOW_CIDRS: allowed, EGRESS_DENY_CIDRS: denied } = settings;
  return { allowed, denied, hasProxy: settings.EGRESS_PROXY !== undefined };
}

/** Returns the rules of the API, or why it did not give them. */
async function askApi({ url, token }: AskedApi): Promise<Rules | string> {
  const { api } = createClient({ url, token });
  try {
    const { data, response } = await api.GET('/api/admin/egress', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 403) return 'only a token with the scope admin may ask the API';
    if (data === undefined) return `the API answers ${String(response.status)}`;
    const [allowed, denied] = [data.allowed_networks, data.denied_networks].map((list) => parseNetworks(list.join(',')));
    return { allowed: allowed ?? [], denied: denied ?? [], hasProxy: data.proxy };
  } catch (error) {
    return `the API cannot be asked: ${reasonOf(error)}`;
  }
}

/** @param source of the rules, for the end of a sentence */
async function judge({ allowed, denied, hasProxy }: Rules, localAddresses: readonly Network[], source: string): Promise<Finding> {
  const guard = createGuard({ allowed, denied, hostAddresses: localAddresses });
  // A name that cannot be resolved cannot be reached either.
  const isReachable = (host: string): Promise<boolean> =>
    guard.resolve(host).then(
      () => true,
      () => false,
    );
  const reachable = (await Promise.all(PROBES.map(async (probe) => ((await isReachable(probe.host)) ? [probe] : [])))).flat();
  const places = [...new Set(reachable.map(({ what }) => what))].join(', ');
  const networks = allowed.map(formatNetwork).join(', ');
  if (reachable.some(({ host }) => host === METADATA)) {
    const advice = `Remove its network from EGRESS_ALLOW_CIDRS (${networks}), or add ${METADATA}/32 to EGRESS_DENY_CIDRS.`;
    return egress.wrong(`webhooks may reach ${places}, ${source}`, advice);
  }
  if (allowed.length > 0) {
    return egress.warning(
      `webhooks may reach ${networks} (EGRESS_ALLOW_CIDRS)${places === '' ? '' : `: ${places}`}, ${source}`,
      'This is right for development. In production, allow only networks that every owner of a webhook may reach.',
    );
  }
  if (reachable.length > 0) {
    const advice = 'The egress guard does not work on this machine. Please report it.';
    return egress.wrong(`webhooks may reach ${places}, ${source}`, advice);
  }
  return egress.ok(`webhooks reach public addresses only${hasProxy ? ', through EGRESS_PROXY' : ''}, ${source}`);
}

function textOf({ allowed, denied, hasProxy }: Rules): string {
  const list = (networks: readonly Network[]): string => networks.map(formatNetwork).sort().join(', ') || 'none';
  return `allowed ${list(allowed)}; denied ${list(denied)}; ${hasProxy ? 'a' : 'no'} proxy`;
}
