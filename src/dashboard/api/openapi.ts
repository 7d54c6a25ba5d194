import { z } from 'zod';
import type { RouteDescription } from './route.js';
import { problem } from './schema.js';

type JsonSchema = { properties?: Record<string, object> };

/** The OpenAPI 3.1 document of the routes; JSON Schema 2020-12 comes from the very schemas that check the requests. */
export function openApiDocument(routes: readonly RouteDescription[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const body = route.body === undefined ? undefined : z.toJSONSchema(route.body, { io: 'input' });
    (paths[route.path] ??= {})[route.method.toLowerCase()] = {
      summary: route.summary,
      parameters: [...inputs(route.parameters, 'path'), ...inputs(route.query, 'query')],
      ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
      responses: {
        200: { description: 'done', content: { 'application/json': { schema: z.toJSONSchema(route.answer) } } },
        default: { description: 'refused', content: { 'application/json': { schema: z.toJSONSchema(problem) } } },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Routewarden', version: '1', description: 'What the dashboard reads and does.' },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }, {}],
    paths,
  };
}

function inputs(schema: z.ZodType | undefined, place: 'path' | 'query') {
  if (schema === undefined) return [];
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: value,
  }));
}
