const SPACE = /[ \t\r\n]*/y;
const TOKEN =
  /[{}[\],:]|"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.+-])/y;

/** The parts of JSON that may follow. */
type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma or end' | 'nothing';

const IN_WORDS: Record<Expected, string> = {
  value: 'a value is expected',
  'value or ]': 'a value or “]” is expected',
  name: 'the name of a field, in double quotes, is expected',
  'name or }': 'the name of a field, in double quotes, or “}” is expected',
  colon: 'a colon is expected after the name of the field',
  'comma or end': 'a comma is expected',
  nothing: 'nothing more is expected',
};

/** Returns where and why a text is no JSON: browsers say so each in their own way, and often without the line. */
export function explainSyntax(text: string): string {
  if (text.trim() === '') return 'The field is empty.';
  /** The objects and lists that are open, by the character that ends each. */
  const ends: string[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at).length;
    const token = match(TOKEN, text, at);
    const next: Expected | undefined = token === '' ? undefined : after(token, expected, ends);
    if (next === undefined) return `Line ${String(lineAt(text, at))}: ${reasonAt(text, at, expected, ends)}.`;
    expected = next;
    at += token.length;
  }
}

/** Returns what may follow a token, and keeps `ends`; undefined: the token may not be here. */
function after(token: string, expected: Expected, ends: string[]): Expected | undefined {
  const closed = (): Expected => (ends.length === 0 ? 'nothing' : 'comma or end');
  if (token === '}' || token === ']') {
    const mayEnd = expected === 'comma or end' || expected === `${token === '}' ? 'name' : 'value'} or ${token}`;
    if (!mayEnd || ends.at(-1) !== token) return undefined;
    ends.pop();
    return closed();
  }
  if (token === ',') return expected !== 'comma or end' ? undefined : ends.at(-1) === '}' ? 'name' : 'value';
  if (token === ':') return expected === 'colon' ? 'value' : undefined;
  if (expected === 'name' || expected === 'name or }') return token.startsWith('"') ? 'colon' : undefined;
  if (expected !== 'value' && expected !== 'value or ]') return undefined;
  if (token !== '{' && token !== '[') return closed();
  ends.push(token === '{' ? '}' : ']');
  return token === '{' ? 'name or }' : 'value or ]';
}

function reasonAt(text: string, at: number, expected: Expected, ends: readonly string[]): string {
  const end = ends.at(-1);
  if (at >= text.length) return end === undefined ? IN_WORDS[expected] : `the text ends before the “${end}” of its last part`;
  if (text.charAt(at) === '"' && match(TOKEN, text, at) === '')
    return 'the text is not closed, or has a character that must be escaped';
  if (expected === 'comma or end' && end !== undefined) return `a comma or “${end}” is expected before ${excerpt(text, at)}`;
  return `${IN_WORDS[expected]} before ${excerpt(text, at)}`;
}

/** The first characters of the line's rest, in quotes. */
function excerpt(text: string, at: number): string {
  const rest = /^.{1,12}/u.exec(text.slice(at, at + 40))?.[0] ?? '';
  return `“${rest.trim()}”`;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
