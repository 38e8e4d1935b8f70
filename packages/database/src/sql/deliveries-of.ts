/**
 * Returns the SQL condition for the deliveries of a webhook from one id to another, which is not included. Read them
 * `ORDER BY webhook_id, id`, or both descending.
 *
 * With `= ANY`, only the index by webhook and id has them in this order. With `=` the index by id has it, too: where one webhook has most
 * deliveries, the generic plan expects it to find those of any webhook at once, and reads millions for another one that has few.
 *
 * @param webhook an SQL expression, as `first` and `end` are
 * @param end leave it out for a long page in ascending order: between two ids, PostgreSQL expects few rows, which it would rather sort
 */
export const deliveriesOf = (webhook: string, first: string, end?: string): string =>
  `webhook_id = ANY (ARRAY[${webhook}]) AND deliveries.id >= ${first}${end === undefined ? '' : ` AND deliveries.id < ${end}`}`;
