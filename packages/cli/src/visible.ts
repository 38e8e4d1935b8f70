/**
 * C0 but tabs and line breaks, DEL and C1, which control the terminal, and the characters that change the direction of a text
 * (Unicode, annex 9), which make it look like another one.
 */
// eslint-disable-next-line no-control-regex -- it finds them
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Returns a text with its control characters written as `\u001b`: receivers and other owners may have chosen parts of it. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
