import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { gapsUpdated } from '@tidings/events';
import { startProcess, type LocalProcess } from '@tidings/local';
import { createTestAuthority } from '@tidings/testing';
import { NGINX, startNginx, type Nginx } from './harness/nginx.js';
import { describeWith, findProgram } from './harness/programs.js';
import { streamUrl } from './harness/stream.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

const CURL = findProgram('curl');
const GZIP = 'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;';
const gap = (user: string) => gapsUpdated({ user_id: user, entity_type: 'artist', entity_id: 'ä🎵' });

describeWith({ nginx: NGINX, curl: CURL }, 'behind nginx', () => {
  let tidings: Tidings;
  let service: User;
  const proxies: Record<string, Nginx> = {};
  beforeAll(async () => {
    tidings = await startTidings({ env: { STREAM_HEARTBEAT_MS: '300' }, workers: 0 });
    service = tidings.asUser('service', 'events:publish');
    const upstream = tidings.url;
    const authority = await createTestAuthority();
    proxies['with its defaults'] = await startNginx({ upstream });
    proxies['that compresses, over HTTP/1.1'] = await startNginx({
      upstream,
      http: GZIP,
      location: 'proxy_http_version 1.1; proxy_set_header Connection "";',
    });
    proxies['that speaks HTTP/2 over TLS'] = await startNginx({ upstream, http: GZIP, tls: await authority.issue() });
  });
  afterAll(async () => {
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    await tidings.stop();
  });

  const curls: LocalProcess[] = [];
  afterEach(() => Promise.all(curls.splice(0).map((process) => process.stop())));
  const curl = (proxy: string, user: User, flags: readonly string[], options: { lastEventId?: string } = {}) => {
    const url = streamUrl(proxies[proxy]?.url ?? '', options);
    const started = startProcess(CURL ?? 'curl', ['-N', '-s', '-k', ...flags, '-H', `Authorization: Bearer ${user.token}`, url]);
    curls.push(started);
    return { ...started, ids: () => [...started.output().matchAll(/^id: (.+)\nevent: (?!stream\.)/gm)].map(([, id]) => id) };
  };

  test.each([
    ['with its defaults', ['--http1.0']],
    ['with its defaults', ['--http1.1', '--compressed']],
    ['that compresses, over HTTP/1.1', ['--http1.1', '--compressed']],
    ['that speaks HTTP/2 over TLS', ['--http2', '--compressed']],
  ])('%s (curl %j) sends each event and each heartbeat immediately, and resumes a stream', async (proxy, flags) => {
    const alice = tidings.asUser('alice');
    const stream = curl(proxy, alice, flags);
    await stream.waitFor('event: stream.open');
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      // The next event is published later, so that it cannot flush this one from a buffer.
      ids.push(await service.publish(gap('alice')));
      await stream.waitFor(`id: ${String(ids.at(-1))}\nevent: gaps.updated\ndata: ${JSON.stringify(gap('alice').data)}\n\n`);
    }
    await stream.waitFor(': heartbeat');
    expect(stream.ids()).toEqual(ids);

    const [first] = ids;
    if (first === undefined) throw new Error('An event was expected.');
    const resumed = curl(proxy, alice, flags, { lastEventId: first });
    await resumed.waitFor(`id: ${String(ids.at(-1))}\nevent: gaps.updated\n`);
    ids.push(await service.publish(gap('alice')));
    await resumed.waitFor(`id: ${String(ids.at(-1))}\nevent: gaps.updated\n`);
    expect(resumed.ids()).toEqual(ids.slice(1));
  });

  test.each(['with its defaults', 'that speaks HTTP/2 over TLS'])('%s passes refusals on', (proxy) => {
    const { token } = tidings.asUser('alice');
    const status = (...flags: string[]) =>
      spawnSync(CURL ?? 'curl', [
        '-s',
        '-k',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        ...flags,
        streamUrl(proxies[proxy]?.url ?? ''),
      ]).stdout.toString();
    expect(status('-H', `Authorization: Bearer ${token}`, '-H', 'Accept: text/html')).toBe('406');
    expect(status()).toBe('401');
    expect(status('-I', '-H', `Authorization: Bearer ${token}`)).toBe('200');
  });
});
