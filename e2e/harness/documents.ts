import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Arrival } from './receiver.js';
import type { StreamedEvent } from './stream.js';

type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  required: boolean;
  schema: Schema;
}

interface OpenApi {
  webhooks: Record<
    string,
    { post: { parameters: Parameter[]; requestBody: { content: { 'application/json': { schema: Schema } } } } }
  >;
  components: Schema;
}

interface AsyncApi {
  channels: { stream: { messages: Record<string, unknown> } };
  components: { messages: Record<string, { headers: Schema; payload: Schema }> };
}

/** The OpenAPI and AsyncAPI documents of a running API. */
export interface Documents {
  /** The types of the webhooks in the OpenAPI document. */
  webhookTypes: string[];
  /** The types of the stream's messages in the AsyncAPI document. */
  messageTypes: string[];
  /** Throws when a received request does not match the OpenAPI document. */
  checkWebhook: (arrival: Arrival) => void;
  /** Throws when a message of the stream does not match the AsyncAPI document. */
  checkMessage: (event: StreamedEvent) => void;
}

/** Reads both documents from a running API. */
export async function readDocuments(url: string): Promise<Documents> {
  const read = async (path: string) => (await fetch(url + path)).json();
  const { webhooks, components: schemas } = (await read('/openapi.json')) as OpenApi;
  const { channels, components } = (await read('/asyncapi.json')) as AsyncApi;
  const ajv2020 = formats.default(new Ajv2020({ strict: false, allErrors: true }));
  const ajv07 = formats.default(new Ajv({ strict: false, allErrors: true }));
  const check = (ajv: Ajv | Ajv2020, schema: Schema, value: unknown, subject: string): void => {
    if (!ajv.validate(schema, value)) throw new Error(`${subject}: ${ajv.errorsText()}: ${JSON.stringify(value)}`);
  };
  // References lead to the components of the document.
  const withComponents = (schema: Schema): Schema => ({ ...schema, components: schemas });
  return {
    webhookTypes: Object.keys(webhooks),
    messageTypes: Object.keys(channels.stream.messages),
    checkWebhook({ headers, body }) {
      const { type, ...rest } = JSON.parse(body.toString()) as { type: string };
      const documented = webhooks[type]?.post;
      if (!documented) throw new Error(`${type} is not a webhook of the OpenAPI document.`);
      check(ajv2020, withComponents(documented.requestBody.content['application/json'].schema), { type, ...rest }, type);
      for (const { name, required, schema } of documented.parameters) {
        if (headers[name] !== undefined || required) check(ajv2020, withComponents(schema), headers[name], `${type}, ${name}`);
      }
    },
    checkMessage({ id, type, data }) {
      if (!(type in channels.stream.messages)) throw new Error(`${type} is not a message of the AsyncAPI document.`);
      const { headers, payload } = components.messages[type] ?? { headers: {}, payload: {} };
      check(ajv07, headers, { ...(id === '' ? {} : { id }), event: type }, `${type}, SSE fields`);
      check(ajv07, payload, data, type);
    },
  };
}
