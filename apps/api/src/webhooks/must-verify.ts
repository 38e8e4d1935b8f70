import { isInnerHost, type AddressRules } from '@tidings/egress';
import type { ApiConfig } from '../config.js';

/**
 * Creates the function that decides, by `VERIFY_WEBHOOKS`, whether a webhook with a URL gets no events until its receiver has
 * answered a challenge.
 */
export function createMustVerify(
  setting: ApiConfig['verifyWebhooks'],
  addresses: Pick<AddressRules, 'allowed'>,
): (url: string) => boolean {
  return (url) => setting === 'on' || (setting === 'public' && !isInnerHost(url, addresses));
}
