import { z } from 'zod';
import { openApiDocument, type DescribedCatalog } from './document.js';
import { route, type Route } from './route.js';

/** Creates the route `/openapi.json`, which serves the document of `others` and of itself. */
export function openApiRoute(others: readonly Route[], catalog: DescribedCatalog, basePath: string): Route {
  const self: Route = route(
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document',
      access: 'public',
      responses: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApi' }) } },
    },
    (_call, response) => {
      response.type('json').send(text);
    },
  );
  const text = JSON.stringify(openApiDocument([...others, self], catalog, basePath));
  return self;
}
