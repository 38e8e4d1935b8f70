// Only in CI: it fetches Helm, and charts change rarely.
import { readFileSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { checkUrl } from '@tidings/egress';
import { parse } from 'yaml';
import { documentedMetrics } from './harness/documented-metrics.js';
import { find, helm, HELM, render, type Manifest } from './harness/helm.js';
import { describeWith } from './harness/programs.js';
import { readPromql } from './harness/promql.js';

interface PodSpec {
  terminationGracePeriodSeconds: number;
  automountServiceAccountToken: boolean;
  securityContext: object;
  containers: {
    image: string;
    command?: string[];
    env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
    ports: { name: string; containerPort: number }[];
    securityContext: object;
    startupProbe: object;
    livenessProbe: object;
    readinessProbe: object;
  }[];
}
interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
}

const MODELS = { Deployment, HorizontalPodAutoscaler, Job, Ingress, NetworkPolicy, PodDisruptionBudget, ConfigMap, Service };
/** Kinds of custom resources: a cluster has them only with their operator. */
const CUSTOM = ['ScaledObject', 'ServiceMonitor', 'PrometheusRule'];
const EVERYTHING = ['ci/everything.yaml'];
const repository = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const podOf = ({ spec }: Manifest): PodSpec => (spec as { template: { spec: PodSpec } }).template.spec;
const containerOf = (manifest: Manifest) => podOf(manifest).containers[0] as PodSpec['containers'][number];
const envOf = (manifest: Manifest) =>
  Object.fromEntries(
    containerOf(manifest).env.map(({ name, value, valueFrom }) => [name, value ?? `secret ${valueFrom?.secretKeyRef.key ?? ''}`]),
  );
const egressOf = (manifest: Manifest) => (manifest.spec as { egress: { to?: Peer[]; ports?: object[] }[] }).egress;

describeWith({ helm: HELM }, 'the Helm chart', () => {
  let plain: Manifest[];
  let everything: Manifest[];
  beforeAll(() => {
    plain = render();
    everything = render({}, EVERYTHING);
  });

  test('passes `helm lint`', () => {
    expect(helm('lint')).toContain('0 chart(s) failed');
    expect(helm('lint', {}, EVERYTHING)).toContain('0 chart(s) failed');
  });

  test('renders valid Kubernetes manifests', () => {
    const cpu = render({ 'worker.autoscaling.keda.enabled': false }, EVERYTHING);
    for (const manifest of [...plain, ...everything, ...cpu]) {
      if (CUSTOM.includes(manifest.kind)) continue;
      const Model = MODELS[manifest.kind as keyof typeof MODELS];
      // Throws for an invalid manifest.
      new Model(manifest as never).validate();
    }
    const kinds = (manifests: Manifest[]) => [...new Set(manifests.map(({ kind }) => kind))].sort();
    expect(kinds(plain)).toEqual(['Deployment', 'Job', 'NetworkPolicy', 'PodDisruptionBudget', 'Service']);
    expect(kinds(everything)).toEqual([...Object.keys(MODELS), ...CUSTOM].sort());
  });

  test("runs each image's own command with the process's settings, and references secrets", () => {
    const api = find(plain, 'Deployment', 'blue-tidings-api');
    const worker = find(plain, 'Deployment', 'blue-tidings-worker');
    for (const manifest of [api, worker, find(plain, 'Job')]) expect(containerOf(manifest)).not.toHaveProperty('command');
    const shared = { DATABASE_URL: 'secret DATABASE_URL', REDIS_URL: 'secret REDIS_URL', SECRETS_KEYS: 'secret SECRETS_KEYS' };
    expect(envOf(worker)).toEqual({
      ...shared,
      DELIVERY_SCHEDULE: 'standard-webhooks',
      HEALTH_PORT: '3001',
      LOG_LEVEL: 'info',
    });
    expect(envOf(api)).toEqual({ ...envOf(worker), JWT_SECRET: 'secret JWT_SECRET' });
    expect(envOf(find(plain, 'Job'))).toEqual({ DATABASE_URL: 'secret DATABASE_URL' });
    const more = find(everything, 'Deployment', 'blue-tidings-api');
    expect(containerOf(more).image).toBe('registry.example.com/platform/tidings-api:1.2.3');
    expect(envOf(more)).toMatchObject({
      HOST: '0.0.0.0',
      HEALTH_HOST: '::',
      DELIVERY_ATTEMPTS: '5',
      RETENTION_DAYS: '1000000',
      EGRESS_PROXY: 'secret PROXY_URL',
    });
  });

  test('hands over secrets as files, when asked to', () => {
    const files = render({ secretFiles: true, 'secretEnv.EGRESS_PROXY': 'PROXY_URL', 'networkPolicy.enabled': false });
    const path = (key: string) => `/run/secrets/tidings/${key}`;
    const shared = {
      DATABASE_URL_FILE: path('DATABASE_URL'),
      REDIS_URL_FILE: path('REDIS_URL'),
      SECRETS_KEYS_FILE: path('SECRETS_KEYS'),
      EGRESS_PROXY_FILE: path('PROXY_URL'),
    };
    const api = find(files, 'Deployment', 'blue-tidings-api');
    expect(envOf(api)).toMatchObject({ ...shared, JWT_SECRET_FILE: path('JWT_SECRET') });
    expect(envOf(find(files, 'Deployment', 'blue-tidings-worker'))).toMatchObject(shared);
    expect(envOf(find(files, 'Job'))).toEqual({ DATABASE_URL_FILE: path('DATABASE_URL') });
    for (const manifest of [api, find(files, 'Job')]) {
      expect(Object.values(envOf(manifest)).join()).not.toContain('secret ');
      new MODELS[manifest.kind as keyof typeof MODELS](manifest as never).validate();
      expect(JSON.stringify(podOf(manifest))).toContain('"mountPath":"/run/secrets/tidings"');
    }
  });

  test('uses documented settings, and the ports of the images', () => {
    const dockerfile = repository('Dockerfile');
    expect(dockerfile).toContain('PORT=3000 HEALTH_PORT=3001');
    // The default reaches a pod of an IPv6 cluster as well.
    expect(dockerfile).not.toMatch(/\bHOST=/);
    const ports = (name: string) => containerOf(find(plain, 'Deployment', name)).ports.map(({ containerPort }) => containerPort);
    expect(ports('blue-tidings-api')).toEqual([3000, 3001]);
    expect(ports('blue-tidings-worker')).toEqual([3001]);
    const settings = repository('docs/configuration.md');
    for (const name of Object.keys(envOf(find(everything, 'Deployment', 'blue-tidings-api'))))
      expect(settings).toContain(`\`${name}\``);
  });

  test('gives the migrations the setting for a pooler, which they need as well', () => {
    expect(envOf(find(render({ 'config.DATABASE_POOLER': 'transaction' }), 'Job'))).toEqual({
      DATABASE_URL: 'secret DATABASE_URL',
      DATABASE_POOLER: 'transaction',
    });
  });

  test('needs no destinations without a network policy', () => {
    const none = { 'networkPolicy.enabled': false, 'networkPolicy.database.to': [], 'networkPolicy.redis.to': [] };
    expect(render(none).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
    // An API behind a sidecar listens inside of its pod only.
    expect(render({ 'config.HOST': '127.0.0.1', 'config.HEALTH_HOST': '::' })).not.toEqual([]);
  });

  test('routes the ingress to the API, below its base path', () => {
    const pathOf = (manifests: Manifest[]) =>
      (find(manifests, 'Ingress').spec as { rules: { http: { paths: { path: string }[] } }[] }).rules[0]?.http.paths[0]?.path;
    expect(pathOf(everything)).toBe('/tidings');
    const ingress = { 'ingress.enabled': true, 'ingress.host': 'tidings.example.com' };
    expect(pathOf(render(ingress))).toBe('/');
    expect(pathOf(render({ ...ingress, 'config.BASE_PATH': '/events' }))).toBe('/events');
  });

  test('gives workers time to finish their requests, and APIs time to end their streams', () => {
    const grace = (manifests: Manifest[], name: string) =>
      podOf(find(manifests, 'Deployment', name)).terminationGracePeriodSeconds;
    expect(grace(plain, 'blue-tidings-worker')).toBe(30);
    expect(grace(render({ 'config.DELIVERY_TIMEOUT_MS': 60_000 }), 'blue-tidings-worker')).toBe(75);
    expect(grace(everything, 'blue-tidings-worker')).toBe(46);
    expect(grace(plain, 'blue-tidings-api')).toBe(20);
  });

  test('gives containers no privileges that they do not need', () => {
    const pods = everything.filter(({ kind }) => ['Deployment', 'Job'].includes(kind));
    expect(pods).toHaveLength(3);
    for (const manifest of pods) {
      expect(podOf(manifest)).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(containerOf(manifest).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('starts a process when it reaches its dependencies, and restarts it only when it does not answer', () => {
    const probes = (name: string) => {
      const { startupProbe, livenessProbe, readinessProbe } = containerOf(find(plain, 'Deployment', name));
      return [startupProbe, livenessProbe, readinessProbe].map((probe) => (probe as { httpGet: object }).httpGet);
    };
    const on = (path: string) => ({ path, port: 'health' });
    expect(probes('blue-tidings-api')).toEqual([on('/readyz'), on('/healthz'), on('/healthz')]);
    expect(probes('blue-tidings-worker')).toEqual([on('/readyz'), on('/healthz'), on('/readyz')]);
  });

  test('scales by CPU or by waiting jobs, and then sets no replicas', () => {
    expect(find(plain, 'Deployment', 'blue-tidings-worker').spec).toMatchObject({ replicas: 2 });
    expect(find(everything, 'Deployment', 'blue-tidings-worker').spec).not.toHaveProperty('replicas');
    expect(everything.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').map(({ metadata }) => metadata.name)).toEqual([
      'blue-tidings-api',
    ]);
    interface Trigger {
      type: string;
      metadata: Record<string, string>;
    }
    const triggers = (manifests: Manifest[]) => find(manifests, 'ScaledObject').spec['triggers'] as Trigger[];
    const { selectors, grouped } = readPromql(triggers(everything)[0]?.metadata['query'] ?? '');
    const jobs = documentedMetrics().ours.find(({ name }) => name === selectors[0]?.metric);
    expect(jobs?.labels).toEqual(expect.arrayContaining([...grouped, ...(selectors[0]?.labels ?? [])]));
    const due = triggers(render({ 'worker.autoscaling.enabled': true, 'worker.autoscaling.keda.enabled': true }))[0];
    expect(due).toMatchObject({ type: 'postgresql', metadata: { connectionFromEnv: 'DATABASE_URL' } });
    expect(repository('docs/scaling.md')).toContain(`query: ${due?.metadata['query'] ?? 'none'}\n`);
    const prefixed = {
      'config.REDIS_PREFIX': '{music}',
      'worker.autoscaling.keda.prometheus.serverAddress': '',
      'worker.autoscaling.keda.redis.address': 'redis:6379',
    };
    const scaled = render(prefixed, EVERYTHING);
    expect(triggers(scaled)).toMatchObject([
      { type: 'redis', name: 'active', metadata: { listName: '{music}:deliveries:active' } },
      { type: 'redis', name: 'prioritized', metadata: { listName: '{music}:deliveries:prioritized' } },
      { type: 'redis', name: 'waiting', metadata: { listName: '{music}:deliveries:wait' } },
    ]);
    expect(find(scaled, 'ScaledObject').spec['advanced']).toEqual({
      scalingModifiers: { formula: 'active + prioritized + waiting', target: '100', metricType: 'AverageValue' },
    });
    expect(find(everything, 'ScaledObject').spec).not.toHaveProperty('advanced');
  });

  test('contains the alerts and the dashboard of the repository', () => {
    expect(find(everything, 'PrometheusRule').spec).toEqual(parse(repository('deploy/prometheus/alerts.yml')));
    expect(JSON.parse(find(everything, 'ConfigMap').data?.['tidings.json'] ?? '')).toEqual(
      JSON.parse(repository('deploy/grafana/dashboards/tidings.json')),
    );
  });

  test.each([
    ['a secret among the settings', { 'config.DATABASE_URL': 'postgresql://x' }, 'DATABASE_URL'],
    ['an unknown value', { 'worker.replica': 3 }, 'replica'],
    ['a missing source of token keys', { 'auth.jwtSecret': false }, 'JWT_JWKS_URL'],
    ['an ingress without a host', { 'ingress.enabled': true }, 'ingress.host'],
    [
      'a network policy without the peers of PostgreSQL',
      { 'networkPolicy.database.to': [] },
      'networkPolicy.database.to is empty',
    ],
    ['a network policy without the peers of Redis', { 'networkPolicy.redis.to': [] }, 'networkPolicy.redis.to is empty'],
    ['a network policy without name servers', { 'networkPolicy.dns.to': [] }, 'networkPolicy.dns.to is empty'],
    ...[
      { 'secretEnv.EGRESS_PROXY': 'PROXY_URL' },
      { 'secretEnv.OUTBOX_DATABASE_URLS': 'OUTBOXES' },
      { 'api.config.JWT_JWKS_URL': 'https://id.example.com/keys' },
      { 'config.OTEL_EXPORTER_OTLP_ENDPOINT': 'http://collector:4318' },
    ].map((values): [string, Record<string, unknown>, string] => {
      const name = Object.keys(values).join().split('.').at(-1) ?? '';
      return [`a network policy without a rule for ${name}`, values, `pods need the servers of ${name}`];
    }),
    ['an API that the kubelet cannot probe', { 'api.config.HOST': '127.0.0.1' }, 'the kubelet cannot probe the api at 127.0.0.1'],
    [
      'a worker that the kubelet cannot probe',
      { 'worker.config.HEALTH_HOST': '::1' },
      'the kubelet cannot probe the worker at ::1',
    ],
  ])('refuses %s', (_, values, message) => {
    expect(() => render(values)).toThrow(message);
  });

  describe('allows outgoing connections', () => {
    /** Returns a function that says whether a policy allows connections to an address, on any port. */
    const allows = (manifests: Manifest[], name: string) => {
      const blocks = egressOf(find(manifests, 'NetworkPolicy', name))
        .filter(({ ports }) => ports === undefined)
        .flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []))
        .map(({ cidr, except = [] }) => ({ inside: listOf([cidr]), outside: listOf(except) }));
      return (address: string) => {
        const family = isIPv6(address) ? 'ipv6' : 'ipv4';
        return blocks.some(({ inside, outside }) => inside.check(address, family) && !outside.check(address, family));
      };
    };
    const listOf = (cidrs: readonly string[]): BlockList => {
      const list = new BlockList();
      for (const cidr of cidrs) {
        const [address = '', bits] = cidr.split('/');
        list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
      }
      return list;
    };
    const isForbidden = (address: string): boolean => {
      const host = isIPv6(address) ? `[${address}]` : address;
      return checkUrl(`https://${host}/`, { requireHttps: false, addresses: { allowed: [] } }) !== null;
    };

    test('of workers to the addresses that webhooks may reach, and to no others', () => {
      const isOpen = allows(plain, 'blue-tidings-worker');
      const except = egressOf(find(plain, 'NetworkPolicy', 'blue-tidings-worker')).flatMap(({ to = [] }) =>
        to.flatMap(({ ipBlock }) => ipBlock?.except ?? []),
      );
      const edges = except.map((cidr) => cidr.split('/')[0] ?? '').filter((address) => !isIPv6(address));
      // The first address of each closed network, the one before it, and any other.
      const before = edges.map((edge) => toText((toNumber(edge) + 2 ** 32 - 1) % 2 ** 32));
      for (const address of [...edges, ...before]) expect([address, isOpen(address)]).toEqual([address, !isForbidden(address)]);
      fc.assert(
        fc.property(fc.ipV4(), (address) => isOpen(address) === !isForbidden(address)),
        { numRuns: 2000 },
      );
      // A sample of IPv6: only the worker checks all ranges that embed IPv4 addresses.
      for (const closed of ['::1', 'fe80::1', 'fd00::1', '2001:db8::1', '2002::1', '64:ff9b::a00:1'])
        expect(isOpen(closed)).toBe(false);
      expect(isOpen('2606:4700::1111')).toBe(true);
    });

    test('of every pod to PostgreSQL, Redis and name servers, at their addresses and ports only', () => {
      for (const name of ['blue-tidings-api', 'blue-tidings-worker']) {
        const servers = egressOf(find(plain, 'NetworkPolicy', name)).filter(({ ports }) => ports !== undefined);
        expect(servers).toEqual([
          { ports: [{ protocol: 'TCP', port: 5432 }], to: [{ ipBlock: { cidr: '10.0.0.5/32' } }] },
          { ports: [{ protocol: 'TCP', port: 6379 }], to: [{ podSelector: { matchLabels: { app: 'redis' } } }] },
          {
            ports: [
              { protocol: 'UDP', port: 53 },
              { protocol: 'TCP', port: 53 },
            ],
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
              { ipBlock: { cidr: '169.254.20.10/32' } },
            ],
          },
        ]);
      }
    });

    test('of the API to none', () => {
      const isOpen = allows(plain, 'blue-tidings-api');
      expect(['93.184.216.34', '10.0.0.1', '2606:4700::1111'].filter(isOpen)).toEqual([]);
    });

    test('of workers to networks that the operator opens, and not to those that the operator closes', () => {
      const isOpen = allows(everything, 'blue-tidings-worker');
      expect(isOpen('10.20.3.4')).toBe(true);
      expect(isOpen('10.21.3.4')).toBe(false);
      expect(isOpen('198.51.99.7')).toBe(false);
      expect(isOpen('198.51.98.7')).toBe(true);
      expect(allows(render({ 'networkPolicy.internet': false }), 'blue-tidings-worker')('93.184.216.34')).toBe(false);
    });
  });
});

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
