/** How much an error repeats of a text that a caller sent. */
const MAX_REPEATED = 100;

/** Returns a text for an error message: cut off where it is long, so that no answer is as large as its request. */
export function shorten(text: string, maxCharacters = MAX_REPEATED): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
