/** An event type as `PUT /api/event-types/{type}` takes it. */
export type TypeBody = Readonly<Record<string, unknown>>;

/** A type for everyone, whose data has these fields: each one with its schema, or the names of numbers. */
export function typeBody(
  properties: Readonly<Record<string, unknown>> | readonly string[],
  more: TypeBody & { required?: readonly string[] } = {},
): TypeBody {
  const { required = [], ...rest } = more;
  const fields = Array.isArray(properties)
    ? Object.fromEntries((properties as readonly string[]).map((name) => [name, { type: 'number' }]))
    : properties;
  return {
    description: 'It happened.',
    audience: 'everyone',
    schema: { type: 'object', properties: fields, required },
    ...rest,
  };
}
