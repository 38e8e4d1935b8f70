import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller } from '@tidings/auth';

/** Who may call a route: anybody, callers with a valid token, or callers whose token has the scope. */
export type Access = 'public' | 'owner' | { scope: string };

/**
 * A response of a route: a problem document for a status from 400 on, otherwise a body of this schema; without a schema, no
 * body.
 */
export interface RouteResponse {
  description: string;
  schema?: z.ZodType;
  /** Default: `application/json`. */
  contentType?: string;
}

interface ExampleBody {
  schema: z.ZodType;
  example: unknown;
}

/** A body of events. The OpenAPI document describes it by the event types, and the handler checks it. */
interface PublishingBody {
  schema: z.ZodType;
  /** `maxEvents`: the most events of one request. */
  publishes: { maxEvents: number };
}

/** Returns whether a body is one of events. */
export function isPublishing(body: RouteDescription['body']): body is PublishingBody {
  return body !== undefined && 'publishes' in body;
}

/**
 * The single declaration of a route: requests are validated against it, the OpenAPI document is written from it, and the
 * tests of access are generated from it.
 */
export interface RouteDescription {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** The path in OpenAPI's notation: `/api/webhooks/{id}`. */
  path: string;
  /** The name of the operation in generated clients, unique, which begins with a verb: `listDeliveries`. */
  operationId: string;
  /** One line. */
  summary: string;
  description?: string;
  access: Access;
  /**
   * The resource that each id in the path names, such as `webhook`. An id of the wrong form gets a 404, as an unknown id
   * does.
   */
  params?: Readonly<Record<string, string>>;
  query?: z.ZodObject;
  /** Request headers that the route reads: a description of each, or a schema that has one. */
  headers?: Readonly<Record<string, string | z.ZodType>>;
  /** The body. Its schema is a named component, as a response is: `meta({ id: 'NewWebhook' })`. */
  body?: ExampleBody | PublishingBody;
  /** The maximum size of the body, in bytes. Default: 32 KB. */
  maxBodyBytes?: number;
  /** Whether it reads pages of the log, of which one caller reads few at a time. Default false. */
  readsLog?: boolean;
  /** Whether its input may name event types: before one is refused, those that were written since are read. Default false. */
  namesEventTypes?: boolean;
  /** Whether events are sent to the `url` of its body from then on: the document names these requests as a callback. Default false. */
  sendsEvents?: boolean;
  /** A file of a page, which the OpenAPI document leaves out. Default false. */
  isPageFile?: boolean;
  /** The responses of this route, by status. The document adds those that follow from its input and access (400, 401, 404, …). */
  responses: Readonly<Record<number, RouteResponse>>;
}

/** The names in braces in a path. */
type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsOf<Rest> : never;

/** The validated request that a handler gets. */
export interface Call<Description extends RouteDescription> {
  request: Request;
  caller: Description['access'] extends 'public' ? null : Caller;
  params: Readonly<Record<ParamsOf<Description['path']>, string>>;
  query: Description['query'] extends z.ZodObject ? z.output<Description['query']> : undefined;
  body: Description['body'] extends { schema: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
}

/** A validated request of any route, for code that does not know the route's types. */
export interface AnyCall {
  request: Request;
  caller: Caller | null;
  params: Readonly<Record<string, string>>;
  query: unknown;
  body: unknown;
}

/** A route's description with its handler. */
export interface Route extends RouteDescription {
  handle: (call: AnyCall, response: Response) => Promise<void> | void;
}

/** Declares a route. Its handler sends the response, or throws a `Problem`. */
export function route<const Description extends RouteDescription>(
  description: Description & { params?: Readonly<Record<ParamsOf<Description['path']>, string>> },
  handle: (call: Call<Description>, response: Response) => Promise<void> | void,
): Route {
  return { ...description, handle: handle as Route['handle'] };
}
