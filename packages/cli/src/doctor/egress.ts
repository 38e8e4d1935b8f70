import { egressSettings, readConfig, sharedSettings } from '@tidings/config';
import { createGuard, formatNetwork, type Guard, type Network } from '@tidings/egress';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const egress = findingFactory('egress');

/** What no webhook should reach, unless the operator opened it on purpose. */
const PROBES = [
  { host: '169.254.169.254', what: "the cloud's metadata" },
  { host: '127.0.0.1', what: 'this machine' },
  { host: '::1', what: 'this machine' },
  { host: 'localhost', what: 'this machine' },
  { host: '10.0.0.1', what: 'private networks' },
  { host: '192.168.0.1', what: 'private networks' },
  { host: 'fd00::1', what: 'private networks' },
];

/** Of all that is open, this is never meant: it gives away a machine's credentials. */
const METADATA = '169.254.169.254';

/**
 * Whether the worker's guard, as it is configured, keeps webhooks out of the networks behind it: each place is tried on the
 * guard itself. Nothing is connected to.
 *
 * @param own this machine's addresses
 */
export async function checkEgress(env: NodeJS.ProcessEnv, own: readonly Network[]): Promise<Finding> {
  const { EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS } = sharedSettings;
  let allowed: readonly Network[];
  let guard: Guard;
  let proxied: boolean;
  try {
    const settings = readConfig({ EGRESS_ALLOW_CIDRS, EGRESS_DENY_CIDRS, ...egressSettings }, env);
    allowed = settings.EGRESS_ALLOW_CIDRS;
    guard = createGuard({ allowed, denied: settings.EGRESS_DENY_CIDRS, hostAddresses: own });
    proxied = settings.EGRESS_PROXY !== undefined;
  } catch (error) {
    return egress.wrong(reasonOf(error).replaceAll(/\s*\n\s*/g, ' '), 'Workers do not start with it: README.md, Configuration.');
  }
  const open = (await Promise.all(PROBES.map(async (probe) => ((await isOpen(guard, probe.host)) ? [probe] : [])))).flat();
  const places = [...new Set(open.map(({ what }) => what))].join(', ');
  const networks = allowed.map(formatNetwork).join(', ');
  if (open.some(({ host }) => host === METADATA)) {
    const advice = `Take its network out of EGRESS_ALLOW_CIDRS (${networks}), or put ${METADATA}/32 into EGRESS_DENY_CIDRS.`;
    return egress.wrong(`webhooks may reach ${places}`, advice);
  }
  if (allowed.length > 0) {
    const message = `webhooks may reach ${networks} (EGRESS_ALLOW_CIDRS)${places === '' ? '' : `: ${places}`}`;
    return egress.warning(message, 'Right for development. In production, open only what you would show to every user.');
  }
  if (open.length > 0) return egress.wrong(`webhooks may reach ${places}`, 'The guard does not work here: please report it.');
  return egress.ok(`webhooks reach public addresses only${proxied ? ', through EGRESS_PROXY' : ''}`);
}

async function isOpen(guard: Guard, host: string): Promise<boolean> {
  return guard.resolve(host).then(
    () => true,
    // A name that cannot be looked up is no way in, either.
    () => false,
  );
}
