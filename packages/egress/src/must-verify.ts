import type { AddressRules } from './address.js';
import { isInnerHost } from './url.js';

/**
 * Creates the function that decides, by `VERIFY_WEBHOOKS`, whether a webhook with a URL gets no events until its receiver has
 * answered a challenge.
 */
export function createMustVerify(
  setting: 'off' | 'public' | 'on',
  addresses: Pick<AddressRules, 'allowed'>,
): (url: string) => boolean {
  return (url) => setting === 'on' || (setting === 'public' && !isInnerHost(url, addresses));
}
