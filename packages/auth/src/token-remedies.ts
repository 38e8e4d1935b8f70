import type { TokenFault } from './verify-token.js';

/** The remedy of each fault of a token, for an operator. */
export const TOKEN_REMEDIES: Readonly<Record<TokenFault, string>> = {
  malformed: 'Send the whole token, without changes.',
  header: 'Tidings reads signed JWTs only, of the type JWT or at+jwt, without critical headers.',
  algorithm: 'Compare JWT_ALGORITHMS and the kind of the configured key with the alg of the token.',
  key_unknown: 'Compare the issuer of the token with the provider of the configured keys.',
  signature: 'Compare the configured key with the one that signed the token.',
  expiry: 'Let the issuer set exp, in Unix seconds.',
  lifetime: 'Let the issuer make tokens that expire earlier, or raise JWT_MAX_LIFETIME_S.',
  expired: 'Get a new token. If it is new, compare the clocks of the issuer and of the API.',
  not_yet_valid: 'Compare the clocks of the issuer and of the API, and JWT_CLOCK_TOLERANCE_S.',
  issuer: 'Set JWT_ISSUER to the iss of the tokens of your identity provider, character by character.',
  audience: 'Request the token for an audience in JWT_AUDIENCE; JWT_AUDIENCE_CLAIM names another claim than aud.',
  owner: 'Set JWT_OWNER_CLAIM to a claim that names the owner.',
  scope: 'Set JWT_SCOPE_CLAIM to a claim with text or a list of texts.',
  token_id: 'Let the issuer set jti, or set JWT_REQUIRE_JTI to false.',
  revoked: 'Get a new token: this one was revoked, alone or with all tokens of its owner. A token without iat counts as old.',
};
