import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startProcess, temporaryFolder } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { findProgram } from './programs.js';

export const NGINX = findProgram('nginx');

interface NginxOptions {
  /** The URL of the API. */
  upstream: string;
  /** Additional directives of the block `http`. */
  http?: string;
  /** Additional directives of the block `location /`, besides `proxy_pass`. */
  location?: string;
  /** Additional locations. */
  server?: string;
  /** Serves HTTP/2 over TLS with this certificate, instead of HTTP/1.1. */
  tls?: { key: string; cert: string };
}

export interface Nginx {
  url: string;
  stop: () => Promise<void>;
}

const DEPLOYED = new URL('../../deploy/nginx/tidings.conf', import.meta.url);
const TEMP_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Starts nginx as a proxy of the API, with nginx's defaults for everything else. */
export function startNginx({ upstream, http = '', location = '', server = '', tls }: NginxOptions): Promise<Nginx> {
  return runNginx(Boolean(tls), (folder, port) => {
    if (tls) {
      writeFileSync(join(folder, 'key.pem'), tls.key, { mode: 0o600 });
      writeFileSync(join(folder, 'cert.pem'), tls.cert);
    }
    return `
      ${http}
      server {
        listen 127.0.0.1:${String(port)}${tls ? ' ssl http2' : ''};
        ${tls ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : ''}
        location / {
          proxy_pass ${upstream};
          ${location}
        }
        ${server}
      }`;
  });
}

/** The file of deploy/nginx with other values in it: its ports and the certificate. Throws if one of the texts is not in the file. */
function deployedNginx(replacements: Readonly<Record<string, string>>): string {
  let text = readFileSync(DEPLOYED, 'utf8');
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`deploy/nginx/tidings.conf has no "${from}".`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** Starts nginx with the file of deploy/nginx, over plain HTTP, in front of two API processes. */
export function startDeployedNginx(ports: readonly [number, number]): Promise<Nginx> {
  return runNginx(false, (_folder, port) =>
    deployedNginx({
      'listen 443 ssl http2;': `listen 127.0.0.1:${String(port)};`,
      'listen [::]:443 ssl http2;': '',
      'ssl_certificate /etc/ssl/tidings/fullchain.pem;': '',
      'ssl_certificate_key /etc/ssl/tidings/privkey.pem;': '',
      'server 127.0.0.1:3000 ': `server 127.0.0.1:${String(ports[0])} `,
      'server 127.0.0.1:3001 ': `server 127.0.0.1:${String(ports[1])} `,
    }),
  );
}

/** Starts nginx with these directives in its block `http`. */
async function runNginx(isTls: boolean, directives: (folder: string, port: number) => string): Promise<Nginx> {
  const { folder, remove } = temporaryFolder();
  const port = await freePort();
  mkdirSync(join(folder, 'temp'));
  const config = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${folder}/nginx.pid;
    error_log stderr warn;
    daemon off;
    worker_processes 1;
    events { worker_connections 256; }
    http {
      access_log off;
      ${TEMP_PATHS.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join('\n')}
      ${directives(folder, port)}
    }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const nginx = startProcess(NGINX ?? 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stopSignal: 'SIGTERM' });
  const url = `${isTls ? 'https' : 'http'}://127.0.0.1:${String(port)}`;
  await eventually(async () => {
    await fetch(`http://127.0.0.1:${String(port)}/healthz`).catch((error: unknown) => {
      throw new Error(`nginx does not answer: ${nginx.output()}`, { cause: error });
    });
  });
  return {
    url,
    async stop() {
      await nginx.stop();
      remove();
    },
  };
}
