import { readFile } from 'node:fs/promises';
import { readConfig } from '@tidings/config';
import {
  explainToken,
  fetchKeySet,
  findKeys,
  hasUsableKey,
  parseKeySet,
  TOKEN_REMEDIES,
  tokenConfig,
  tokenMistakes,
  tokenNotices,
  tokenSettings,
  type FindKeys,
  type TokenConfig,
} from '@tidings/auth';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const tokens = findingFactory('token keys');

/**
 * Checks that the token settings are valid, and that the key set has a key that can be used. With a token, verifies it here, as
 * the API does, and explains each part of it: the first finding of a part that is wrong is the reason why the API refuses it.
 */
export async function checkTokens(env: NodeJS.ProcessEnv, token?: string): Promise<Finding[]> {
  if (!Object.keys(tokenSettings).some((name) => env[name])) {
    return [tokens.skipped('no JWT_… setting is set here', 'Run doctor with the environment of the API as well.')];
  }
  let config: TokenConfig;
  let notices: string[];
  try {
    const settings = readConfig(tokenSettings, env, tokenMistakes);
    config = tokenConfig(settings);
    notices = tokenNotices(settings);
  } catch (error) {
    const advice = 'The API does not start with this value. See docs/configuration.md.';
    return [tokens.wrong(reasonOf(error).replaceAll(/\n\s*/g, ' '), advice)];
  }
  const { finding, find } = await loadKeys(config);
  const keys = finding.level === 'ok' && notices.length > 0 ? tokens.warning(finding.message, notices.join(' ')) : finding;
  return [keys, ...(token === undefined || find === null ? [] : await explain(token, config, find))];
}

async function loadKeys(config: TokenConfig): Promise<{ finding: Finding; find: FindKeys | null }> {
  const { source, algorithms } = config;
  const accepted = algorithms.join(', ');
  if ('keys' in source) {
    const { length } = source.keys;
    const finding = tokens.ok(`${accepted}, with ${length === 1 ? 'one key' : `${String(length)} keys`}`);
    return { finding, find: () => Promise.resolve(source.keys) };
  }
  const name = 'url' in source ? 'JWT_JWKS_URL' : 'JWT_JWKS_FILE';
  try {
    const set = parseKeySet(await ('url' in source ? fetchKeySet(source.url) : readFile(source.file, 'utf8')));
    const find: FindKeys = (header) => Promise.resolve(findKeys(set, header));
    if (hasUsableKey(set, algorithms)) {
      const { length } = set.keys;
      return { finding: tokens.ok(`${accepted}, with ${String(length)} ${length === 1 ? 'key' : 'keys'} from ${name}`), find };
    }
    const reasons = set.unusable.map(({ kid, reason }) => `${kid === undefined ? 'a key' : `"${kid}"`}: ${reason}`).join('; ');
    const message = `${name} has no key that verifies ${accepted}${reasons === '' ? '' : ` (${reasons})`}`;
    return { finding: tokens.wrong(message, 'Every token is refused until the key set has such a key.'), find };
  } catch (error) {
    const advice = `Check ${name} and the network from here to it: an API that starts now answers with 503.`;
    return { finding: tokens.wrong(`${name} gives no key set: ${reasonOf(error)}`, advice), find: null };
  }
}

async function explain(token: string, config: TokenConfig, find: FindKeys): Promise<Finding[]> {
  // The list of revoked tokens is the API's to read: its own answer to the token shows it.
  const judgements = await explainToken(token, { ...config, findKeys: find, isRevoked: () => false, notBefore: () => undefined });
  return judgements.map(({ part, fault, fact }) => {
    const { ok, wrong } = findingFactory(`token ${part}`);
    return fault === null ? ok(fact()) : wrong(`${fact()} (${fault})`, TOKEN_REMEDIES[fault]);
  });
}
