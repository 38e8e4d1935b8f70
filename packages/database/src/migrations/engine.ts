import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import type pg from 'pg';
import { migrationAdapter } from './adapter.js';

interface Bindings {
  SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm: (exports: WebAssembly.Exports) => void;
}

/** `prisma/` at the top of the project, seen from `src` and from `dist`. */
export const PRISMA_FOLDER = join(import.meta.dirname, '../../../../prisma');

/**
 * Opens the engine of `prisma migrate` in its WebAssembly build, because the native build is a download from outside the
 * npm registry. It uses the ordinary table `_prisma_migrations`, so it agrees with `prisma migrate deploy`.
 *
 * @param schema path of schema.prisma
 */
export async function openEngine(pool: pg.Pool, schema: string): Promise<SchemaEngine> {
  const { SchemaEngine: Engine } = await (bindings ??= load());
  return Engine.new(
    { datamodels: [[schema, readFileSync(schema, 'utf8')]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(migrationAdapter(pool)),
  );
}

/** The bindings keep their instance in a module variable: a second instance would break the first one. */
let bindings: Promise<Bindings> | undefined;

async function load(): Promise<Bindings> {
  const name = '@prisma/schema-engine-wasm/schema_engine_bg';
  const loaded = (await import(name)) as Bindings & WebAssembly.ModuleImports;
  const wasm = readFileSync(
    createRequire(import.meta.url)
      .resolve(name)
      .replace(/\.js$/, '.wasm'),
  );
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': withIdleTimers(loaded) });
  loaded.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  // The engine reports panics to the handler registered here, which is Prisma's client where it was loaded before.
  (globalThis as { PRISMA_WASM_PANIC_REGISTRY?: object }).PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message(message: string) {
      throw new Error(`Prisma's schema engine failed: ${message}`);
    },
  };
  return loaded;
}

/** Makes the engine's timers unable to keep the process alive: it never clears the one of its ten-second lock timeout. */
function withIdleTimers(imports: WebAssembly.ModuleImports): WebAssembly.ModuleImports {
  const name = Object.keys(imports).find((key) => key.startsWith('__wbg_setTimeout_'));
  if (name === undefined) return imports;
  return { ...imports, [name]: (run: () => void, delayMs: number) => setTimeout(run, delayMs).unref() };
}
