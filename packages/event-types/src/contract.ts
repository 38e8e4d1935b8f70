/** A JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Who may see an event: `everyone`, or the `owner` that a field of its data names. */
export type Audience = 'everyone' | 'owner';

/** What a version of an event type promises: to those who publish it, which data is valid; to those who receive it, what they get. */
export interface Contract {
  audience: Audience;
  /** The top-level field of the data that names the owner. It counts only with the audience `owner`. */
  ownerField: string;
  /** What becomes of fields that the schema does not name, at every depth. */
  unknownFields: 'refuse' | 'keep';
  /** The JSON Schema of the data, which is an object. */
  schema: JsonSchema;
}
