/** The path of an item of a list: every item, or the one at `index`. */
export function itemPath(path: string, index?: number): string {
  return `${path}[${index === undefined ? '' : String(index)}]`;
}

/** The path of all fields that the schema does not name, or of those whose names match `pattern`. */
export function fieldsPath(path: string, pattern?: string): string {
  return pattern === undefined ? `${path}.*` : `${path}./${pattern}/`;
}

/** The path of a change of what the contract says of unknown fields, which holds at every depth. */
export const UNKNOWN_FIELDS = 'unknown_fields';
