import type { JsonSchema } from '../../src/contract.js';
import type { Part } from './arbitrary-schema.js';
import type { Random } from './data.js';

type Node = Record<string, unknown>;

const ONE = ['items', 'additionalProperties'];
const LIST = ['prefixItems'];
const BY_NAME = ['properties'];

/** Writes a schema in another way that means the same, which `random` chooses place by place. */
export function rewrite(schema: JsonSchema, random: Random): JsonSchema {
  const definitions: Node = { ...(schema['$defs'] as Node) };

  const rewritePart = (part: Part): Part => {
    if (typeof part === 'boolean') return part ? {} : part;
    const rewritten = shuffled(Object.entries(part).map(([keyword, value]) => rewriteKeyword(keyword, value)));
    switch (random(7)) {
      case 0:
        return { allOf: [rewritten] };
      case 1:
        return { anyOf: [rewritten] };
      case 2: {
        const name = `new${String(Object.keys(definitions).length)}`;
        definitions[name] = rewritten;
        return { $ref: `#/$defs/${name}` };
      }
      case 3:
        return { ...rewritten, $comment: 'says nothing', 'x-order': 1 };
      default:
        return rewritten;
    }
  };

  const rewriteKeyword = (keyword: string, value: unknown): [string, unknown] => {
    if (ONE.includes(keyword)) return [keyword, rewritePart(value as Part)];
    if (LIST.includes(keyword)) return [keyword, (value as Part[]).map(rewritePart)];
    if (BY_NAME.includes(keyword)) {
      return [keyword, shuffled(Object.entries(value as Node).map(([name, part]) => [name, rewritePart(part as Part)]))];
    }
    if (keyword === 'const') return ['enum', [value]];
    if (keyword === 'type' && typeof value === 'string') return [keyword, [value]];
    if (['type', 'enum', 'required'].includes(keyword)) return [keyword, (value as unknown[]).toReversed()];
    return [keyword, value];
  };

  const shuffled = (entries: [string, unknown][]): Node => Object.fromEntries(random(2) === 0 ? entries : entries.toReversed());

  const { $defs, ...root } = schema;
  const rewritten = Object.entries(root).map(([keyword, value]) => rewriteKeyword(keyword, value));
  return { ...shuffled(rewritten), $defs: definitions };
}
