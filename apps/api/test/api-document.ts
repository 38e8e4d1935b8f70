import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { TestApi } from './start-api.js';

interface BodySchema {
  properties?: Record<string, unknown>;
  oneOf?: BodySchema[];
}

interface Content {
  schema?: BodySchema;
  example?: unknown;
}

/** What the tests read of an operation in the OpenAPI document. */
export interface Operation {
  method: string;
  path: string;
  operationId: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content?: Record<string, Content> }>;
  /** What the token needs; undefined: any will do. */
  scope: string | undefined;
  public: boolean;
  /** The body that the document gives as an example. */
  example: unknown;
}

export interface ApiDocument {
  text: string;
  operations: Operation[];
  /** Checks a JSON answer against what the document says of the status; throws what is wrong. */
  check: (operation: Operation, status: number, body: unknown) => void;
  /** The fields that the body of an operation may have. */
  settable: (operation: Operation) => string[];
}

/** The document, as the API serves it. */
export async function readDocument(api: Pick<TestApi, 'url'>): Promise<ApiDocument> {
  const text = await (await fetch(`${api.url}/openapi.json`)).text();
  const document = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describe(method, path, operation)),
  );
  // Whole, so that references into its components are found.
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true })).addSchema(document, 'document');
  const escape = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
  return {
    text,
    operations,
    check({ method, path, responses }, status, body) {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      if (responses[status]?.content?.[type] === undefined) throw new Error(`${String(status)} is not in the document.`);
      const pointer = ['paths', path, method, 'responses', String(status), 'content', type, 'schema'].map(escape).join('/');
      const validate = ajv.getSchema(`document#/${pointer}`) as ValidateFunction;
      if (!validate(body)) throw new Error(`${ajv.errorsText(validate.errors)}: ${JSON.stringify(body)}`);
    },
    settable({ requestBody }) {
      const { properties = {}, oneOf = [] } = requestBody?.content['application/json']?.schema ?? {};
      return [properties, ...oneOf.map((one) => one.properties ?? {})].flatMap(Object.keys);
    },
  };
}

function describe(method: string, path: string, operation: Operation): Operation {
  const { security, requestBody } = operation;
  return {
    ...operation,
    method,
    path,
    scope: security[0]?.['bearer']?.[0],
    public: security.length === 0,
    example: requestBody?.content['application/json']?.example,
  };
}
