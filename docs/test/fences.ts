import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root folder of the repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** A fenced code block of a page. */
export interface Fence {
  /** The path of the page from the root of the repository. */
  page: string;
  /** The number of its first line in the page, from 1. */
  line: number;
  /** The first word after the backticks. */
  language: string;
  /** The text after the language. */
  info: string;
  code: string;
}

/** The paths of README.md and of the pages in docs/, without the decisions. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', ...docs.map((file) => `docs/${file}`)];
}

/** Reads a page. */
export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The fenced code blocks of a page, in order. */
export function fencesIn(page: string, text = readPage(page)): Fence[] {
  return [...text.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', code = ''] = match;
    return { page, line: text.slice(0, match.index).split('\n').length, language, info, code };
  });
}

const SHELL = ['sh', 'bash', 'shell', 'console'];

/**
 * The blocks of a page that are shell commands, without those that show a file (`file=`). After the language, `no-test: why`
 * excludes a block from the tests, and `answers: 400` means that the API must refuse its request.
 */
export function commandsIn(page: string): Fence[] {
  return fencesIn(page).filter(({ language, info }) => SHELL.includes(language) && !info.startsWith('file='));
}
