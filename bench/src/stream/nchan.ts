// A server for comparison: nginx with its module nchan, from Debian's libnginx-mod-nchan.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { freePort, startProcess, temporaryFolder } from '@tidings/local';
import { postWith } from '../requests.js';
import type { Servers } from '../servers.js';
import { pollUntil } from '../measured-tidings.js';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

const TYPE = { 'x-eventsource-event': 'extraction.started' };
/** nchan answers 202 when there are no subscribers. */
const PUBLISHED = [201, 202];

/** A running nginx with nchan. */
export interface Nchan {
  url: string;
  pid: number;
  /** Publishes one event with each of these texts, in parallel. */
  announce: (texts: readonly string[]) => Promise<void>;
}

/** Starts nginx with nchan. Returns undefined when nchan is not installed. */
export async function startNchan({ addCleanup }: Servers): Promise<Nchan | undefined> {
  if (!existsSync(MODULE)) return undefined;
  const { folder, remove } = temporaryFolder();
  addCleanup(remove);
  mkdirSync(join(folder, 'temp'));
  const port = await freePort();
  const config = `
    load_module ${MODULE};
    pid ${folder}/nginx.pid;
    error_log stderr warn;
    daemon off;
    master_process off;
    worker_rlimit_nofile 30000;
    events { worker_connections 25000; }
    http {
      access_log off;
      keepalive_requests 1000000;
      ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join('\n')}
      server {
        listen 127.0.0.1:${String(port)} backlog=4096;
        location = /publish { nchan_publisher; nchan_channel_id events; nchan_message_buffer_length 100; }
        location = /follow { nchan_subscriber eventsource; nchan_channel_id events; nchan_subscriber_first_message newest; }
      }
    }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const nginx = startProcess('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stopSignal: 'SIGTERM' });
  addCleanup(() => nginx.stop());
  const origin = `http://127.0.0.1:${String(port)}`;
  const agent = new Agent({ keepAlive: true });
  addCleanup(() => {
    agent.destroy();
  });

  await pollUntil(() =>
    fetch(origin).then(
      () => true,
      () => false,
    ),
  );
  return {
    url: `${origin}/follow`,
    pid: nginx.pid,
    async announce(texts) {
      await Promise.all(texts.map((text) => postWith(TYPE, `${origin}/publish`, text, agent, PUBLISHED)));
    },
  };
}
