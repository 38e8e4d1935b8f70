import { egressSettings, readConfig, sharedSettings } from '@tidings/config';
import { createGuard, formatNetwork, type Guard, type Network } from '@tidings/egress';
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

/**
 * Checks that the worker's egress guard, with the settings of the environment, keeps webhooks out of private networks. The guard
 * resolves each probe address; no connection is opened.
 *
 * @param localAddresses this machine's addresses
 */
export async function checkEgress(env: NodeJS.ProcessEnv, localAddresses: readonly Network[]): Promise<Finding> {
  const { EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS } = sharedSettings;
  let allowed: readonly Network[];
  let guard: Guard;
  let hasProxy: boolean;
  try {
    const settings = readConfig({ EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS, ...egressSettings }, env);
    allowed = settings.EGRESS_ALLOW_CIDRS;
    guard = createGuard({ allowed, denied: settings.EGRESS_DENY_CIDRS, hostAddresses: localAddresses });
    hasProxy = settings.EGRESS_PROXY !== undefined;
  } catch (error) {
    return egress.wrong(
      reasonOf(error).replaceAll(/\n\s*/g, ' '),
      'Workers do not start with this value. See docs/configuration.md.',
    );
  }
  const reachable = (
    await Promise.all(PROBES.map(async (probe) => ((await isReachable(guard, probe.host)) ? [probe] : [])))
  ).flat();
  const places = [...new Set(reachable.map(({ what }) => what))].join(', ');
  const networks = allowed.map(formatNetwork).join(', ');
  if (reachable.some(({ host }) => host === METADATA)) {
    const advice = `Remove its network from EGRESS_ALLOW_CIDRS (${networks}), or add ${METADATA}/32 to EGRESS_DENY_CIDRS.`;
    return egress.wrong(`webhooks may reach ${places}`, advice);
  }
  if (allowed.length > 0) {
    const message = `webhooks may reach ${networks} (EGRESS_ALLOW_CIDRS)${places === '' ? '' : `: ${places}`}`;
    return egress.warning(
      message,
      'This is right for development. In production, allow only networks that every owner of a webhook may reach.',
    );
  }
  if (reachable.length > 0)
    return egress.wrong(`webhooks may reach ${places}`, 'The egress guard does not work on this machine. Please report it.');
  return egress.ok(`webhooks reach public addresses only${hasProxy ? ', through EGRESS_PROXY' : ''}`);
}

async function isReachable(guard: Guard, host: string): Promise<boolean> {
  return guard.resolve(host).then(
    () => true,
    // A name that cannot be resolved cannot be reached either.
    () => false,
  );
}
