/** A part of an event type, as the API lists it. */
interface ListedType {
  type: string;
  description: string;
  audience: string;
  owner_field: string | null;
  schema: object;
  unknown_fields: string;
  examples: object[];
}

/**
 * Returns an event that `owner` may see: the example of the installation's first type that has owners, or else of its first type for
 * everyone. Null: no type has an example of such an event.
 *
 * @param token a token that may write event types
 */
export async function exampleEvent(url: string, token: string, owner: string): Promise<{ type: string; data: object } | null> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/event-types?limit=200`, { headers });
  if (!response.ok) throw new Error(`GET /api/event-types: ${await response.text()}`);
  const { data: types } = (await response.json()) as { data: ListedType[] };
  const ownedFirst = [...types.filter((type) => type.owner_field !== null), ...types.filter((type) => type.owner_field === null)];
  for (const { type, examples, ...definition } of ownedFirst) {
    if (examples[0] === undefined) continue;
    const data = { ...examples[0], ...(definition.owner_field !== null && { [definition.owner_field]: owner }) };
    // A schema may ask for another form of id than the owner's. A dry run checks the example, and writes nothing.
    const { description, audience, owner_field, schema, unknown_fields } = definition;
    const body = JSON.stringify({ description, audience, owner_field, schema, unknown_fields, examples: [data] });
    const checked = await fetch(`${url}/api/event-types/${type}?dry_run=true`, { method: 'PUT', headers, body });
    if (checked.ok) return { type, data };
  }
  return null;
}
