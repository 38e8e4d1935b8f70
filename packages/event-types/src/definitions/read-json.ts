import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isObject, type Written } from './written.js';

/** Reads the definitions in all JSON files of a folder, in the order of their names. */
export async function readFolder(path: string): Promise<Written[]> {
  const names = (await readdir(path)).filter((name) => extname(name) === '.json').sort();
  return (await Promise.all(names.map((name) => readJson(join(path, name), name)))).flat();
}

/**
 * Reads the definitions in a JSON file: one definition, a list of them, or `{"types": […]}`.
 *
 * @param name what messages call the file
 */
export async function readJson(path: string, name: string): Promise<Written[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw error instanceof SyntaxError ? new Error(`${name} is not JSON: ${error.message}`, { cause: error }) : error;
  }
  const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value['types']) ? value['types'] : undefined;
  return (
    list?.map((one: unknown, index) => ({ place: `${name}, types[${String(index)}]`, value: one })) ?? [{ place: name, value }]
  );
}
