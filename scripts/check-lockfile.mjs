// npm run check:lockfile: checks that package-lock.json pins the content of every package. Each has a SHA-512 and comes from the
// npm registry, under its own name. The check runs before anything is installed, so it uses no package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const REGISTRY = 'https://registry.npmjs.org/';
/** 64 bytes in Base64. A list of hashes is refused: its entries are alternatives, so a weaker one could be enough. */
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

const file = process.argv[2] ?? join(import.meta.dirname, '../package-lock.json');
const { lockfileVersion, packages } = JSON.parse(readFileSync(file, 'utf8'));
const mistakes = lockfileVersion === 3 ? [] : [`it has lockfileVersion ${lockfileVersion}, not 3: run npm install`];

for (const [path, { name = path.split('node_modules/').at(-1), link, integrity, resolved }] of Object.entries(packages)) {
  const ours = !path.startsWith('node_modules/') && !path.includes('/node_modules/');
  if (ours) continue;
  // The target of a link must be a workspace, which the list contains as well.
  if (link) {
    if (!(resolved in packages) || /^(\.\.|\/)/.test(resolved))
      mistakes.push(`${path} is a link to "${resolved}", which is not a workspace`);
    continue;
  }
  if (!SHA512.test(integrity)) mistakes.push(`${path} has no SHA-512, so its content is not checked`);
  // Without `resolved`, npm asks its configured registry for the package by name.
  if (resolved !== undefined && !resolved.startsWith(`${REGISTRY}${name}/-/`)) mistakes.push(`${path} comes from ${resolved}`);
}

if (mistakes.length > 0) {
  console.error(`package-lock.json is not safe to install from:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
  process.exitCode = 1;
}
