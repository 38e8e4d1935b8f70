import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of code in a page. */
export interface Fence {
  /** The page, from the root of the repository. */
  page: string;
  /** The line of the page that opens it, from 1. */
  line: number;
  /** The language, the first word behind the backticks. */
  language: string;
  /** Whatever is behind the language. */
  info: string;
  code: string;
}

/** README and what is in docs/, without the decisions. */
export function pages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', ...docs.map((file) => `docs/${file}`)];
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The fenced blocks of a page, in order. */
export function fencesIn(page: string, text = readPage(page)): Fence[] {
  return [...text.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', info = '', code = ''] = match;
    return { page, line: text.slice(0, match.index).split('\n').length, language, info, code };
  });
}

const SHELL = ['sh', 'bash', 'shell', 'console'];

/**
 * The blocks of a page that are commands. `no-test: why` behind the language keeps one from being run, `answers: 400` says
 * that an API is to refuse it. What shows a file (`file=`) is no command.
 */
export function commandsIn(page: string): Fence[] {
  return fencesIn(page).filter(({ language, info }) => SHELL.includes(language) && !info.startsWith('file='));
}
