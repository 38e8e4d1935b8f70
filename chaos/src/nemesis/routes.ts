import { startProxy, type Proxy } from '../proxy.js';
import type { Stage } from '../stage.js';
import { startSystem, type System } from '../system.js';

/** The ways on which the processes of a Tidings reach what they need. */
export interface Routes {
  postgres: Proxy;
  redis: Proxy;
  receivers: Proxy;
}

/** A system whose processes reach PostgreSQL, Redis and the receivers by way of proxies. */
export async function startRoutes(stage: Stage): Promise<{ system: System; routes: Routes }> {
  const open = async (host: string, port: number): Promise<Proxy> => {
    const proxy = await startProxy({ host, port });
    stage.cleanup.add(() => proxy.stop());
    return proxy;
  };
  const to = (url: string): Promise<Proxy> => open(new URL(url).hostname, Number(new URL(url).port));

  const redisServer = await stage.startRedis();
  const postgres = await to(await stage.sharedPostgres());
  const redis = await to(redisServer.url);
  let receivers: Proxy | undefined;
  const system = await startSystem(stage, {
    redis: redisServer,
    via: {
      postgres: postgres.url,
      redis: redis.url,
      async receivers(port) {
        receivers = await open('127.0.0.1', port);
        return receivers.port;
      },
    },
  });
  return { system, routes: { postgres, redis, receivers: receivers as unknown as Proxy } };
}
