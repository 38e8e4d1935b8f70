import { readConfig } from '@tidings/config';
import { fetchKeySet, parseKeySet, tokenConfig, tokenMistakes, tokenSettings, type TokenConfig } from '@tidings/auth';
import { reasonOf } from '../failure.js';
import { findingsOf, type Finding } from './finding.js';

const tokens = findingsOf('token keys');

/** Whether the settings say which tokens are valid, and whether a key set can be had from where they say. */
export async function checkTokens(env: NodeJS.ProcessEnv): Promise<Finding> {
  if (!Object.keys(tokenSettings).some((name) => env[name])) {
    return tokens.skipped('no JWT_… is set here', "Run this with the API's environment, too.");
  }
  let config: TokenConfig;
  try {
    config = tokenConfig(readConfig(tokenSettings, env, tokenMistakes(env)));
  } catch (error) {
    return tokens.wrong(reasonOf(error).replaceAll(/\s*\n\s*/g, ' '), 'The API does not start with it: docs/configuration.md.');
  }
  const { source, algorithms } = config;
  const which = algorithms.join(' or ');
  if (!('url' in source)) return tokens.ok(`${which}, ${'key' in source ? 'with one key' : 'with the keys of JWT_JWKS_FILE'}`);
  try {
    const { size } = parseKeySet(await fetchKeySet(source.url));
    if (size > 0) return tokens.ok(`${which}, with ${String(size)} ${size === 1 ? 'key' : 'keys'} from JWT_JWKS_URL`);
    return tokens.wrong(
      'JWT_JWKS_URL has no key that verifies RS256 or ES256',
      'No token is valid until it has one, with a kid.',
    );
  } catch (error) {
    const advice = 'Check JWT_JWKS_URL, and whether it can be reached from here: an API that starts now answers with 503.';
    return tokens.wrong(`JWT_JWKS_URL gives no key set: ${reasonOf(error)}`, advice);
  }
}
