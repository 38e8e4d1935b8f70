import { once } from 'node:events';
import { createServer } from 'node:http';
import { checkReadiness, type Reachable } from '@tidings/health';

export interface HealthServer {
  close: () => void;
}

/** `GET /healthz`: the process lives. `GET /readyz`: 200 when every part answers, 503 when not, with what it found. */
export async function startHealthServer(port: number, parts: Readonly<Record<string, Reachable>>): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/healthz') answer(200, { status: 'ok' });
    else if (request.url === '/readyz') {
      void checkReadiness(parts).then(({ ready, checks }) => {
        answer(ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks });
      });
    } else answer(404, { status: 'not found' });
  }).listen(port);
  await once(server, 'listening');
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
