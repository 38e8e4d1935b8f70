import pg from 'pg';
import { SessionClient, type SessionConfig } from './session-client.js';

/** Creates a pool whose connections all have the settings of the session. Nothing connects before the first query. */
export function createPool(config: SessionConfig): pg.Pool {
  return new pg.Pool({ ...config, Client: SessionClient as unknown as NonNullable<pg.PoolConfig['Client']> });
}
