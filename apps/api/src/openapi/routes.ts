import { z } from 'zod';
import type { Describe } from './described-types.js';
import { createDocumentHandler } from './document-route.js';
import { createOpenApiWriter } from './document.js';
import { route, type Route } from './route.js';

/** Creates the route `/openapi.json`, which serves the document of `others`, of itself and of the event types. */
export function openApiRoute(others: readonly Route[], describe: Describe, basePath: string): Route {
  const self: Route = route(
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document',
      access: 'public',
      responses: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApi' }) } },
    },
    ({ request }, response) => handle(request, response),
  );
  const handle = createDocumentHandler(describe, createOpenApiWriter([...others, self], basePath));
  return self;
}
