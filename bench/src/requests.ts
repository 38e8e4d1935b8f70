import { request, type Agent } from 'node:http';

/** Does something so many times, so many at once. */
export async function inParallel(parallel: number, count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (left-- > 0) await work();
    }),
  );
}

/** Publishes: resolves when the server has accepted the body. */
export function post(url: string, token: string, body: string, agent: Agent): Promise<void> {
  return postWith({ authorization: `Bearer ${token}` }, url, body, agent, [202]);
}

/** Resolves when the server has answered with one of these statuses. */
export function postWith(
  ownHeaders: Record<string, string>,
  url: string,
  body: string,
  agent: Agent,
  statuses: readonly number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...ownHeaders, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
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
