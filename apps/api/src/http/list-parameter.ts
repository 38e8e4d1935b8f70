import { z } from 'zod';
import { countItems, MAX_ITEMS } from './count-items.js';

const parameters = new WeakSet<z.ZodType>();

/**
 * Returns the schema of an optional query parameter that takes a list: `status=failed&status=skipped` is the same as
 * `status=failed,skipped`. It holds at most {@link MAX_ITEMS}. Every other parameter may be given once (`readQuery`).
 *
 * @param list the schema of the list, which holds at least one text
 */
export function listParameter<List extends z.ZodType>(list: List) {
  const parameter = z
    .preprocess((value, context) => countItems('values')(split(value), context), list)
    .optional()
    .meta({ description: `At most ${String(MAX_ITEMS)}, with commas between them or each as a parameter of its own.` });
  parameters.add(parameter);
  return parameter;
}

/** Whether a parameter with this schema may be given more than once. */
export function takesList(schema: z.ZodType | undefined): boolean {
  return schema !== undefined && parameters.has(schema);
}

function split(value: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) return value;
  return [value].flat().flatMap((text) =>
    String(text)
      .split(',')
      .map((item) => item.trim()),
  );
}
