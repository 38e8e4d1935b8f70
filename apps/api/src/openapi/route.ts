import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Caller } from '@tidings/auth';

/** Who may call a route: anybody, whoever has a valid token, or whoever has a token with the scope. */
export type Access = 'public' | 'owner' | { scope: string };

/** What an answer holds: from 400 on a problem document, otherwise what its schema says, or nothing. */
export interface Answer {
  description: string;
  schema?: z.ZodType;
  /** Default: `application/json`. */
  contentType?: string;
}

/**
 * Everything that is said of a route, once: it is checked against it, it is documented by it, and the tests of who may
 * see what are generated from it.
 */
export interface RouteDescription {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/api/webhooks/{id}`. */
  path: string;
  /** One line. */
  summary: string;
  description?: string;
  access: Access;
  /** What each id in the path names. One that cannot be ours is a 404 like any that does not exist. */
  params?: Readonly<Record<string, string>>;
  query?: z.ZodObject;
  /** Request headers that matter, with what they are for. */
  headers?: Readonly<Record<string, string>>;
  body?: { schema: z.ZodType; example: unknown };
  /** A file of a page, which no document names. Default false. */
  ofPage?: boolean;
  /** The answers that are particular to it, by status. What every route may answer (400, 401, 404, …) is added. */
  answers: Readonly<Record<number, Answer>>;
}

/** The names in braces. */
type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsOf<Rest> : never;

/** What a handler gets: everything checked. */
export interface Call<Description extends RouteDescription> {
  request: Request;
  caller: Description['access'] extends 'public' ? null : Caller;
  params: Readonly<Record<ParamsOf<Description['path']>, string>>;
  query: Description['query'] extends z.ZodObject ? z.output<Description['query']> : undefined;
  body: Description['body'] extends { schema: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
}

/** What was checked against a description, for whoever no longer knows which. */
export interface AnyCall {
  request: Request;
  caller: Caller | null;
  params: Readonly<Record<string, string>>;
  query: unknown;
  body: unknown;
}

/** A description with its handler. */
export interface Route extends RouteDescription {
  handle: (call: AnyCall, response: Response) => Promise<void> | void;
}

/** Declares a route. Its handler answers, or throws a `Problem`. */
export function route<const Description extends RouteDescription>(
  description: Description & { params?: Readonly<Record<ParamsOf<Description['path']>, string>> },
  handle: (call: Call<Description>, response: Response) => Promise<void> | void,
): Route {
  return { ...description, handle: handle as Route['handle'] };
}
