import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSignal } from './signal.js';

/** A span that a process exported. */
export interface Span {
  /** `service.name` of the process. */
  service: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  traceId: string;
  spanId: string;
  /** Empty for the root span of a trace. */
  parentSpanId: string;
  /** The ids of the linked traces. */
  links: string[];
  attributes: Record<string, unknown>;
  failed: boolean;
  startedAtNs: bigint;
}

export interface Collector {
  /** The value for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  /** All received spans, in order. */
  spans: readonly Span[];
  /** Resolves with the matching spans, in the order of their start, once there are at least `count`. */
  waitFor: (count: number, matches: (span: Span) => boolean) => Promise<Span[]>;
  stop: () => Promise<void>;
}

interface OtlpSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string }[];
  attributes: Attribute[];
  status: { code?: number };
  startTimeUnixNano: string;
}
interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
interface Export {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const FAILED = 2;

/** Starts an OpenTelemetry collector for OTLP over HTTP with JSON, on a free port. */
export async function startCollector(): Promise<Collector> {
  const spans: Span[] = [];
  const signal = createSignal();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      if (request.url !== '/v1/traces') return void response.writeHead(404).end();
      spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as Export));
      signal.notify();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    spans,
    async waitFor(count, matches) {
      await signal.waitUntil(
        () => spans.filter(matches).length >= count,
        () =>
          `${String(count)} spans were expected; received: ${JSON.stringify(spans.map(({ name, traceId }) => [name, traceId]))}`,
      );
      return spans.filter(matches).sort((one, other) => Number(one.startedAtNs - other.startedAtNs));
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf({ resourceSpans }: Export): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toObject(resource.attributes)['service.name']);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => toSpan(service, span)));
  });
}

function toSpan(service: string, span: OtlpSpan): Span {
  const { name, kind, traceId, spanId, parentSpanId = '', links = [], attributes, status, startTimeUnixNano } = span;
  return {
    service,
    name,
    kind: KINDS[kind] ?? 'internal',
    traceId,
    spanId,
    parentSpanId,
    links: links.map((link) => link.traceId),
    attributes: toObject(attributes),
    failed: status.code === FAILED,
    startedAtNs: BigInt(startTimeUnixNano),
  };
}

function toObject(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
