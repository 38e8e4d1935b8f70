/** What a change does. The names are stable: the API answers with them. */
export type ContractChangeKind =
  | 'audience_changed'
  | 'owner_field_changed'
  | 'field_added'
  | 'field_removed'
  | 'field_required'
  | 'field_optional'
  | 'field_narrowed'
  | 'field_widened'
  | 'field_type_changed'
  | 'enum_shrunk'
  | 'enum_grown'
  | 'unknown_fields_refused'
  | 'unknown_fields_kept'
  | 'undecided'
  | 'personal_changed'
  | 'documentation_changed';

/** Whom a change may break: `publishers`, whose data may be refused now, or `receivers`, who may get data that was not allowed before. */
export type Breaks = 'publishers' | 'receivers';

/** One difference between two versions of an event type. */
export interface ContractChange {
  /**
   * Where the change is, written as the API writes the path of a wrong field: `data.items[].price`. `[]` stands for every item of a
   * list, `.*` for every field that the schema does not name, `./^x-/` for the fields whose names match a pattern. `audience`,
   * `owner_field` and `unknown_fields` are the contract's own.
   */
  path: string;
  kind: ContractChangeKind;
  /** Whom the change breaks; empty: nobody. */
  breaks: Breaks[];
  /** One sentence: what changed, whom it breaks, and why. */
  message: string;
}

/** Lists what differs between two parts of contracts at a path. */
export type Compare<Part> = (path: string, before: Part, after: Part) => ContractChange[];

/** Everyone whom the changes break, publishers first. */
export function brokenBy(changes: readonly ContractChange[]): Breaks[] {
  return (['publishers', 'receivers'] as const).filter((party) => changes.some(({ breaks }) => breaks.includes(party)));
}
