import { request, type Agent } from 'node:http';

/** Calls `work` `count` times, with `parallel` calls at a time. */
export async function runConcurrently(parallel: number, count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (left-- > 0) await work();
    }),
  );
}

/** Publishes the body: resolves after a 202, and rejects after any other status. */
export function post(url: string, token: string, body: string, agent: Agent): Promise<void> {
  return postWith({ authorization: `Bearer ${token}` }, url, body, agent, [202]);
}

/** POSTs JSON: resolves after one of these statuses, and rejects after any other. */
export function postWith(
  extraHeaders: Record<string, string>,
  url: string,
  body: string,
  agent: Agent,
  statuses: readonly number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...extraHeaders, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => {
        if (statuses.includes(response.statusCode ?? 0)) resolve();
        else reject(new Error(`${url} answered ${String(response.statusCode)}.`));
      });
    })
      .once('error', reject)
      .end(body);
  });
}
