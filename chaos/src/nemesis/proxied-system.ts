import { startProxy, type Proxy } from '../proxy.js';
import type { ScenarioContext } from '../scenario.js';
import { startSystem, type System } from '../system.js';

/** The proxies between the processes and their servers. */
export interface Proxies {
  postgres: Proxy;
  redis: Proxy;
  receivers: Proxy;
}

/** Starts a system whose processes reach PostgreSQL, Redis and the receivers through proxies. */
export async function startProxiedSystem(context: ScenarioContext): Promise<{ system: System; proxies: Proxies }> {
  const open = async (host: string, port: number): Promise<Proxy> => {
    const proxy = await startProxy({ host, port });
    context.cleanup.add(() => proxy.stop());
    return proxy;
  };
  const openFor = (url: string): Promise<Proxy> => open(new URL(url).hostname, Number(new URL(url).port));

  const redisServer = await context.startRedis();
  const postgres = await openFor(await context.sharedPostgres());
  const redis = await openFor(redisServer.url);
  let receivers: Proxy | undefined;
  const system = await startSystem(context, {
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
  return { system, proxies: { postgres, redis, receivers: receivers as unknown as Proxy } };
}
