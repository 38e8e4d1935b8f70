import { Gauge, type Registry } from 'prom-client';

/** What a pool of the package pg tells of itself. */
interface Pool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
  options: { max: number };
}

/** Shows a pool of database connections as it is when the metrics are asked for. */
export function measurePool(registry: Registry, pool: Pool): void {
  const registers = [registry];
  new Gauge({
    name: 'tidings_database_pool_connections',
    help: 'Connections to PostgreSQL that are open.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    },
  });
  new Gauge({
    name: 'tidings_database_pool_max_connections',
    help: 'DATABASE_POOL: the most connections there may be.',
    registers,
  }).set(pool.options.max);
  new Gauge({
    name: 'tidings_database_pool_waiting',
    help: 'Statements that wait for a connection.',
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });
}
