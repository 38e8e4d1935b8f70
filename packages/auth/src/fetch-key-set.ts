const TIMEOUT_MS = 5000;
const MAX_BYTES = 1024 * 1024;

/**
 * Fetches the text of a key set. Rejects when it is larger than 1 MB, for a redirect, and for every status but 200.
 *
 * @param timeoutMs the time limit; default 5,000
 */
export async function fetchKeySet(url: string, timeoutMs = TIMEOUT_MS): Promise<string> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`The key set could not be fetched: the server responded with status ${String(response.status)}.`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`The key set is larger than ${String(MAX_BYTES)} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
