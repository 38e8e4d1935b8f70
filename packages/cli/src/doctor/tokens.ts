import { readConfig } from '@tidings/config';
import { fetchKeySet, parseKeySet, tokenConfig, tokenMistakes, tokenSettings, type TokenConfig } from '@tidings/auth';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const tokens = findingFactory('token keys');

/** Checks that the token settings are valid, and that the key set at JWT_JWKS_URL can be fetched and has a key. */
export async function checkTokens(env: NodeJS.ProcessEnv): Promise<Finding> {
  if (!Object.keys(tokenSettings).some((name) => env[name])) {
    return tokens.skipped('no JWT_… setting is set here', 'Run doctor with the environment of the API as well.');
  }
  let config: TokenConfig;
  try {
    config = tokenConfig(readConfig(tokenSettings, env, tokenMistakes(env)));
  } catch (error) {
    return tokens.wrong(
      reasonOf(error).replaceAll(/\n\s*/g, ' '),
      'The API does not start with this value. See docs/configuration.md.',
    );
  }
  const { source, algorithms } = config;
  const accepted = algorithms.join(' or ');
  if (!('url' in source)) return tokens.ok(`${accepted}, ${'key' in source ? 'with one key' : 'with the keys of JWT_JWKS_FILE'}`);
  try {
    const { size } = parseKeySet(await fetchKeySet(source.url));
    if (size > 0) return tokens.ok(`${accepted}, with ${String(size)} ${size === 1 ? 'key' : 'keys'} from JWT_JWKS_URL`);
    return tokens.wrong(
      'JWT_JWKS_URL has no key that verifies RS256 or ES256',
      'No token is valid until the key set has such a key, with a kid.',
    );
  } catch (error) {
    const advice = 'Check JWT_JWKS_URL and the network from here to it: an API that starts now answers with 503.';
    return tokens.wrong(`JWT_JWKS_URL gives no key set: ${reasonOf(error)}`, advice);
  }
}
