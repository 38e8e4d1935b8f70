/** Counts the characters of a text as JSON Schema does: those outside the Basic Multilingual Plane are two units in JavaScript. */
export function countCodePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length - 1; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(at + 1);
    if (next >= 0xdc00 && next <= 0xdfff) pairs += 1;
  }
  return text.length - pairs;
}
