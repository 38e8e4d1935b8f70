import type { ErrorClass } from './attempt-result.js';

const CLASSES: readonly [ErrorClass, RegExp, string][] = [
  // Where the name led is the operator's business, not the tenant's.
  ['blocked', /^EBLOCKED$/, 'The host does not lead to a public address.'],
  ['dns', /^(ENOTFOUND|EAI_|ENODATA)/, 'The host name could not be looked up.'],
  ['timeout', /^(ETIMEDOUT|ESOCKETTIMEDOUT|EDEADLINE)$/, 'There was no complete response in time.'],
  ['reset', /^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'The connection was closed before a response came.'],
  [
    'connect',
    /^(EPROXY|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|EACCES)$/,
    'The host could not be connected to.',
  ],
  [
    'tls',
    /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|ERR_OSSL)/,
    'No trusted TLS connection could be made.',
  ],
];

/** The class of a request's error by its code, and a sentence for the owner of the webhook. What no other class knows is `protocol`. */
export function classifyError(error: NodeJS.ErrnoException): { errorClass: ErrorClass; error: string } {
  const code = error.code ?? '';
  const [errorClass, , sentence] = CLASSES.find(([, pattern]) => pattern.test(code)) ?? [
    'protocol' as const,
    /./,
    'The response was not valid HTTP.',
  ];
  return { errorClass, error: code === '' || errorClass === 'blocked' ? sentence : `${sentence} (${code})` };
}
