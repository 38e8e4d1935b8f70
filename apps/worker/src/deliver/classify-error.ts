import type { AttemptResult, ErrorClass } from './attempt-result.js';

const CLASSES: readonly [ErrorClass, RegExp, string][] = [
  // The owner of the webhook must not learn internal addresses, so the sentence does not name the address.
  ['blocked', /^EBLOCKED$/, 'The address is not public.'],
  // One class for names that resolve inside the network and names that do not exist: no names can be found by it.
  ['dns', /^(EBLOCKEDNAME$|ENOTFOUND|EAI_|ENODATA)/, 'The host name does not resolve to a public address.'],
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

const CODES_FOR_OPERATORS: ReadonlySet<ErrorClass> = new Set(['blocked', 'dns', 'connect']);

/**
 * Classifies the error of a request by its code. Returns the class and a sentence for the owner of the webhook. Unknown codes
 * are of the class `protocol`. A code that tells a closed port from a host that is not there is only for operators: a webhook is
 * no scanner.
 */
export function classifyError(error: NodeJS.ErrnoException): Pick<AttemptResult, 'errorClass' | 'error' | 'errorCode'> {
  const code = error.code ?? '';
  const [errorClass, , sentence] = CLASSES.find(([, pattern]) => pattern.test(code)) ?? [
    'protocol' as const,
    /./,
    'The response was not valid HTTP.',
  ];
  const isForOperators = CODES_FOR_OPERATORS.has(errorClass);
  return { errorClass, errorCode: code || null, error: code === '' || isForOperators ? sentence : `${sentence} (${code})` };
}
