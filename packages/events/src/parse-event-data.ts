import { InvalidEventError } from './invalid-event-error.js';
import { InvalidJsonError } from './json/invalid-json-error.js';
import { parseJson } from './json/parse-json.js';

/**
 * Parses an event's data, which a job or a row of an outbox holds as JSON text. Numbers keep their digits.
 *
 * Throws an {@link InvalidEventError} that names each place that `parseJson` refuses, or says that the text is not JSON.
 */
export function parseEventData(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof InvalidJsonError) {
      throw new InvalidEventError(error.errors.map(({ field, message }) => ({ field: joinData(field), message })));
    }
    if (error instanceof SyntaxError) throw new InvalidEventError([{ field: 'data', message: 'is not JSON' }]);
    throw error;
  }
}

function joinData(path: string): string {
  return path === '' || path.startsWith('[') ? `data${path}` : `data.${path}`;
}
