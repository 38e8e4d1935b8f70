import type { JsonSchema } from '../contract.js';
import { writeValue } from './write-value.js';

/** Keywords that readers see and validation does not. */
const DOCUMENTATION = ['title', 'description', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly'];
const PERSONAL = 'x-personal';
/** Keywords that neither validation nor readers see. The definitions count where a `$ref` names them. */
const SILENT = new Set(['$schema', '$id', '$comment', '$defs', 'definitions']);

/** What a schema says about its values without limiting them, each as text to compare. */
export interface Annotations {
  documentation: string;
  personal: string;
}

/** Whether the keyword limits no value. */
export function isAnnotation(keyword: string): boolean {
  return DOCUMENTATION.includes(keyword) || SILENT.has(keyword) || keyword.startsWith('x-');
}

/** The keywords of the schema that limit values. */
export function limitsOf(schema: JsonSchema): string[] {
  return Object.keys(schema).filter((keyword) => !isAnnotation(keyword));
}

/** The annotations of a schema; `true` and `false` have none. */
export function annotationsOf(schema: unknown): Annotations {
  const of = (keywords: readonly string[]): string =>
    typeof schema === 'object' && schema !== null
      ? keywords
          .filter((keyword) => Object.hasOwn(schema, keyword))
          .map((keyword) => `${keyword}: ${writeValue((schema as JsonSchema)[keyword])}`)
          .join('\n')
      : '';
  return { documentation: of(DOCUMENTATION), personal: of([PERSONAL]) };
}
