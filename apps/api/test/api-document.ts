import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { TestApi } from './start-api.js';

interface BodySchema {
  $ref?: string;
  properties?: Record<string, unknown>;
  oneOf?: BodySchema[];
}

/** Refuses fields that are not in the document: it allows them in responses, for clients of an earlier version. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'example' ? (value as unknown) : strict(value)]),
  );
  return 'properties' in members && typeof members['type'] === 'string' ? { additionalProperties: false, ...members } : members;
}

interface Content {
  schema?: BodySchema;
  example?: unknown;
}

/** The parts of an operation in the OpenAPI document that the tests read. */
export interface Operation {
  method: string;
  path: string;
  operationId: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content?: Record<string, Content> }>;
  /** The scope that the token needs; undefined: none. */
  scope: string | undefined;
  public: boolean;
  /** The example body in the document. */
  example: unknown;
}

export interface ApiDocument {
  text: string;
  operations: Operation[];
  /** Checks a JSON body against the document's schema for the status. Throws an error that says what is wrong. */
  check: (operation: Operation, status: number, body: unknown) => void;
  /** Returns the fields that the request body of an operation may have. */
  settable: (operation: Operation) => string[];
}

/** Reads the OpenAPI document that the API serves. */
export async function readDocument(api: Pick<TestApi, 'url'>): Promise<ApiDocument> {
  const text = await (await fetch(`${api.url}/openapi.json`)).text();
  const document = JSON.parse(text) as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, BodySchema> };
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describe(method, path, operation)),
  );
  // The whole document, so that references into its components resolve.
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true })).addSchema(strict(document) as object, 'document');
  const { schemas } = document.components;
  const fieldsOf = ({ $ref, properties = {}, oneOf = [] }: BodySchema): string[] =>
    $ref === undefined
      ? [...Object.keys(properties), ...oneOf.flatMap(fieldsOf)]
      : fieldsOf(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {});
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
      return fieldsOf(requestBody?.content['application/json']?.schema ?? {});
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
