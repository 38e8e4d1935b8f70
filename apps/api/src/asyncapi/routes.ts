import { z } from 'zod';
import { route, type Route, type RouteDescription } from '../openapi/route.js';
import { asyncApiDocument, type StreamedCatalog } from './document.js';

/**
 * `/asyncapi.json`: the messages of the stream and of the queue, written from the catalog.
 *
 * @param stream the route of the stream
 */
export function asyncApiRoute(stream: RouteDescription, catalog: StreamedCatalog): Route {
  const text = JSON.stringify(asyncApiDocument(stream, catalog));
  return route(
    {
      method: 'get',
      path: '/asyncapi.json',
      summary: 'The messages of the stream, as AsyncAPI',
      access: 'public',
      answers: { 200: { description: 'AsyncAPI 3.0', schema: z.looseObject({ asyncapi: z.string() }) } },
    },
    (_call, response) => {
      response.type('json').send(text);
    },
  );
}
