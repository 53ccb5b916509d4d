import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/**
 * Route schemas are zod: requests are parsed by them, and every answer is checked against its schema before it leaves,
 * so that /openapi.json cannot say something else than what is sent.
 */
export function installZod(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema }) => (data: unknown) => {
    if (!(schema instanceof z.ZodType)) return { value: data };
    const parsed = schema.safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: new Error(describe(parsed.error)) };
  });
  app.setSerializerCompiler(({ schema }) => (data: unknown) => {
    return JSON.stringify(schema instanceof z.ZodType ? schema.parse(data) : data);
  });
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

type RouteSchema = Record<string, unknown>;

/** For @fastify/swagger: the zod parts of a route's schema as JSON Schema. */
export function toJsonSchema(schema: RouteSchema): RouteSchema {
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'response' ? responses(value) : part(value, 'input'),
  ]);
  return Object.fromEntries(entries);
}

function responses(value: unknown): RouteSchema {
  return Object.fromEntries(
    Object.entries(value as RouteSchema).map(([status, schema]) => [status, part(schema, 'output')]),
  );
}

function part(value: unknown, io: 'input' | 'output'): unknown {
  if (!(value instanceof z.ZodType)) return value;
  const { $schema: _, ...schema } = z.toJSONSchema(value, { target: 'draft-7', io, unrepresentable: 'any' });
  return schema;
}
