import { z } from 'zod';
import { route, type Route, type RouteDescription } from '../openapi/route.js';
import { asyncApiDocument, type StreamedCatalog } from './document.js';

/**
 * The route `/asyncapi.json`. The document is generated once, from the catalog and the route of the stream.
 *
 * @param stream the route of the stream
 * @param basePath the path of the server; empty: none
 */
export function asyncApiRoute(stream: RouteDescription, catalog: StreamedCatalog, basePath: string): Route {
  const text = JSON.stringify(asyncApiDocument(stream, catalog, basePath));
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
    (_call, response) => {
      response.type('json').send(text);
    },
  );
}
