// npm run check:lockfile: what package-lock.json installs is what was locked. Every package has a SHA-512 of its content, and
// none comes from anywhere but the registry, under its own name. It runs before anything is installed, so it needs no package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const REGISTRY = 'https://registry.npmjs.org/';
/** 64 bytes in Base64. Several hashes would be alternatives: the weakest would do. */
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

const file = process.argv[2] ?? join(import.meta.dirname, '../package-lock.json');
const { lockfileVersion, packages } = JSON.parse(readFileSync(file, 'utf8'));
const mistakes = lockfileVersion === 3 ? [] : [`it has version ${lockfileVersion}, not 3: run npm install`];

for (const [path, { name = path.split('node_modules/').at(-1), link, integrity, resolved }] of Object.entries(packages)) {
  const ours = !path.startsWith('node_modules/') && !path.includes('/node_modules/');
  if (ours) continue;
  // A link leads to a workspace, whose path is in the list as well.
  if (link) {
    if (!(resolved in packages) || /^(\.\.|\/)/.test(resolved)) mistakes.push(`${path} is a link to "${resolved}", no workspace`);
    continue;
  }
  if (!SHA512.test(integrity)) mistakes.push(`${path} has no SHA-512: its content could be anything`);
  // Without an address npm asks the registry that it is configured for, by the name.
  if (resolved !== undefined && !resolved.startsWith(`${REGISTRY}${name}/-/`)) mistakes.push(`${path} comes from ${resolved}`);
}

if (mistakes.length > 0) {
  console.error(`package-lock.json is not to be trusted:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
  process.exitCode = 1;
}
