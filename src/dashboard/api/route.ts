import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Visitor } from '../session.js';
import { readGiven } from './badRequest.js';

/** What is asked for is not there; answered with 404. */
export class NotThere extends Error {}

const NO_QUERY = z.strictObject({});

interface RouteOptions<P, Q, B> {
  method: 'GET' | 'POST';
  /** OpenAPI form, `/api/models/{key}` */
  path: string;
  summary: string;
  parameters?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  body?: z.ZodType<B>;
  answer: z.ZodType;
  /** Open to anyone, signed in or not. */
  open?: boolean;
}

/** One entry of the OpenAPI document. */
export type RouteDescription = Omit<RouteOptions<unknown, unknown, unknown>, 'open'>;

/** Registers routes whose inputs are checked by zod, and remembers them for the OpenAPI document. */
export class Routes {
  readonly descriptions: RouteDescription[] = [];
  readonly openPaths = new Set<string>();

  constructor(private readonly server: FastifyInstance) {}

  add<P = unknown, Q = unknown, B = unknown>(
    options: RouteOptions<P, Q, B>,
    handle: (input: {
      parameters: P;
      query: Q;
      body: B;
      visitor: Visitor;
      request: FastifyRequest;
    }) => Promise<unknown>,
  ): void {
    this.descriptions.push(options);
    if (options.open === true) this.openPaths.add(options.path);
    this.server.route({
      method: options.method,
      url: options.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request) =>
        handle({
          parameters: read(options.parameters, request.params),
          // a parameter that nobody reads would be taken for a filter
          query: read<unknown>(options.query ?? NO_QUERY, request.query) as Q,
          body: read(options.body, request.body),
          visitor: request.visitor ?? { actor: 'nobody', role: 'reader' },
          request,
        }),
    });
  }
}

function read<T>(schema: z.ZodType<T> | undefined, value: unknown): T {
  return schema === undefined ? (value as T) : readGiven(schema, value);
}
