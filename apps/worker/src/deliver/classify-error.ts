import type { ErrorClass } from './attempt-result.js';

const CLASSES: readonly [ErrorClass, RegExp, string][] = [
  // The owner of the webhook must not learn internal addresses, so the sentence does not name the address.
  ['blocked', /^EBLOCKED$/, 'The host does not resolve to a public address.'],
  ['dns', /^(ENOTFOUND|EAI_|ENODATA)/, 'The host name could not be resolved.'],
  ['timeout', /^(ETIMEDOUT|ESOCKETTIMEDOUT|EDEADLINE)$/, 'There was no complete response in time.'],
  ['reset', /^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'The connection was closed before the response.'],
  [
    'connect',
    /^(ECONNECTTIMEOUT|EPROXY|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|EACCES)$/,
    'The connection to the host failed.',
  ],
  [
    'tls',
    /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|ERR_OSSL)/,
    'No trusted TLS connection could be established.',
  ],
];

/**
 * Classifies the error of a request by its code. Returns the class and a sentence for the owner of the webhook. Unknown codes
 * are of the class `protocol`.
 */
export function classifyError(error: NodeJS.ErrnoException): { errorClass: ErrorClass; error: string } {
  const code = error.code ?? '';
  const [errorClass, , sentence] = CLASSES.find(([, pattern]) => pattern.test(code)) ?? [
    'protocol' as const,
    /./,
    'The response was not valid HTTP.',
  ];
  return { errorClass, error: code === '' || errorClass === 'blocked' ? sentence : `${sentence} (${code})` };
}
