import { z } from 'zod';
import type { Describe } from '../openapi/described-types.js';
import { createDocumentHandler } from '../openapi/document-route.js';
import { route, type Route, type RouteDescription } from '../openapi/route.js';
import { createAsyncApiWriter } from './document.js';

/**
 * The route `/asyncapi.json`, which serves the document of the event types and of the route of the stream.
 *
 * @param stream the route of the stream
 * @param basePath the path of the server; empty: none
 */
export function asyncApiRoute(stream: RouteDescription, describe: Describe, basePath: string): Route {
  const handle = createDocumentHandler(describe, createAsyncApiWriter(stream, basePath));
  return route(
    {
      method: 'get',
      path: '/asyncapi.json',
      operationId: 'getAsyncApi',
      summary: 'The messages of the stream and of the queue, as an AsyncAPI document',
      access: 'public',
      responses: {
        200: {
          description: 'An AsyncAPI 3.0 document.',
          schema: z.looseObject({ asyncapi: z.string() }).meta({ id: 'AsyncApi' }),
        },
      },
    },
    ({ request }, response) => handle(request, response),
  );
}
