import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { configurationPage, describeSettings } from '@tidings/config';
import { parse } from 'yaml';
import { apiSettings } from '../../apps/api/src/config.js';
import { workerSettings } from '../../apps/worker/src/config.js';
import { readPage, ROOT } from './fences.js';

const settings = describeSettings({ API: apiSettings, worker: workerSettings });
const names = settings.map(({ name }) => name).sort();
const namesOf = (process: string) => settings.filter(({ processes }) => processes.includes(process)).map(({ name }) => name);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Variables that the exporter of OpenTelemetry reads by itself. */
const OF_OPENTELEMETRY = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_RESOURCE_ATTRIBUTES'];

test('docs/configuration.md is what "npm run generate:configuration" writes', async () => {
  const filepath = join(ROOT, 'docs/configuration.md');
  const options = await resolveConfig(filepath);
  expect(readPage('docs/configuration.md')).toBe(await format(configurationPage(settings), { ...options, filepath }));
});

test('a required setting, a default, a range and a list of values are shown as the schema has them', () => {
  const setting = (name: string) => settings.find((one) => one.name === name);
  expect(setting('DATABASE_URL')).toMatchObject({ isRequired: true, initial: undefined, processes: ['API', 'worker'] });
  expect(setting('PORT')).toMatchObject({ isRequired: false, initial: '3000', values: '0 to 65,535', processes: ['API'] });
  expect(setting('DASHBOARD')).toMatchObject({ initial: 'true', values: '`true`, `false`' });
  expect(setting('TRUST_PROXY')).toMatchObject({ isRequired: false, initial: undefined });
  expect(setting('DELIVERY_JITTER')).toMatchObject({ initial: '0.5', values: '0 to 1, decimals allowed' });
});

describe('.env.example', () => {
  const assignments = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  const values = new Map(assignments.map(([, name = '', value = '']) => [name, value]));
  /** Variables of docker-compose.yml that no process of Tidings reads. */
  const ofCompose = [
    'POSTGRES_PASSWORD',
    'REDIS_PASSWORD',
    'API_PORT',
    'PROMETHEUS_PORT',
    'GRAFANA_PORT',
    'GRAFANA_PASSWORD',
    'JAEGER_PORT',
  ];

  test('names every setting once, and no other variable', () => {
    expect(assignments.map(([, name]) => name).sort()).toEqual([...names, ...OF_OPENTELEMETRY, ...ofCompose].sort());
  });

  test('shows the defaults', () => {
    for (const { name, initial } of settings)
      if (initial !== undefined) expect([name, values.get(name)]).toEqual([name, initial]);
  });

  test('names every variable that docker-compose.yml reads', () => {
    const variables = [...read('docker-compose.yml').matchAll(/\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name]) => name);
    expect(variables.filter((name) => !values.has(name ?? ''))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { environment: Record<string, string> }>;
  };
  /** Settings that the images set, and ways to verify tokens other than the one that the file has. */
  const elsewhere = ['NODE_ENV', 'HOST', 'PORT', 'HEALTH_HOST', 'HEALTH_PORT', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_JWKS_FILE'];

  test.each([
    ['api', 'API'],
    ['worker', 'worker'],
  ])('hands %s the settings that it reads, and no other variable', (service, process) => {
    const expected = [...namesOf(process), ...OF_OPENTELEMETRY].filter((name) => !elsewhere.includes(name));
    expect(Object.keys(services[service]?.environment ?? {}).sort()).toEqual(expected.sort());
  });
});

describe('the Helm chart', () => {
  const CHART = 'deploy/helm/tidings';
  const files = readdirSync(join(ROOT, CHART), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ya?ml|tpl|json|txt)$/.test(path) && !path.startsWith('files/'))
    .map((path) => join(CHART, path));
  /** Keys of the Secret that a file of the chart chooses. */
  const keys = ['PROXY_URL'];

  test.each(files)('names only settings that exist in %s', (file) => {
    const named = [...read(file).matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !names.includes(name) && !keys.includes(name))).toEqual([]);
  });

  test('hands processes only settings that they read', () => {
    interface Values {
      secretEnv?: Record<string, string>;
      config?: Record<string, unknown>;
      api?: { config?: Record<string, unknown> };
      worker?: { config?: Record<string, unknown> };
    }
    for (const file of ['values.yaml', 'ci/everything.yaml']) {
      const { secretEnv, config, api, worker } = parse(read(join(CHART, file))) as Values;
      expect(names).toEqual(expect.arrayContaining(Object.keys({ ...secretEnv, ...config })));
      expect(namesOf('API')).toEqual(expect.arrayContaining(Object.keys(api?.config ?? {})));
      expect(namesOf('worker')).toEqual(expect.arrayContaining(Object.keys(worker?.config ?? {})));
    }
  });
});
