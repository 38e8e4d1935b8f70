import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The dependencies that the service has itself, and those of `@tidings/events`. */
const INSTALLED = ['@types', 'bullmq', 'ioredis', 'pg', 'uuid', 'zod'];

/** A service in TypeScript, outside this repository, with `@tidings/events` as `npm pack` packs it. */
export interface OutsideService {
  /** Its folder, in which its modules are compiled to JavaScript. */
  folder: string;
  /** Runs a module and returns what it printed. Throws with its errors when it fails. */
  run: (module: string, env: Readonly<Record<string, string>>) => Promise<string>;
}

/**
 * Makes a service of source files, and compiles it with `strict`. Throws with the wrong lines when it does not compile.
 *
 * @param folder an empty folder
 * @param files the sources by their names
 */
export function makeService(folder: string, files: Readonly<Record<string, string>>): OutsideService {
  const modules = join(folder, 'node_modules');
  for (const name of INSTALLED) link(join(ROOT, 'node_modules', name), join(modules, name));
  install(join(modules, '@tidings/events'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  compile(Object.keys(files).map((name) => join(folder, name)));
  return {
    folder,
    async run(module, env) {
      const service = spawn(process.execPath, [join(folder, module)], { env: { ...process.env, ...env }, cwd: folder });
      const printed = Promise.all([text(service.stdout), text(service.stderr)]);
      const code = await new Promise<number | null>((resolve) => service.once('exit', resolve));
      const [stdout, stderr] = await printed;
      if (code !== 0) throw new Error(`${module} ended with ${String(code)}: ${stderr}`);
      return stdout;
    },
  };
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Packs the package as it is built, and unpacks it into a folder. */
function install(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '-w', 'packages/events', '--pack-destination', folder];
  const packed = spawnSync('npm', pack, { cwd: ROOT, encoding: 'utf8' });
  const [{ filename } = { filename: '' }] = JSON.parse(packed.stdout) as { filename: string }[];
  const { status, stderr } = spawnSync('tar', ['xzf', filename, '--strip-components=1'], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`@tidings/events was not unpacked: ${stderr}`);
}

function compile(sources: readonly string[]): void {
  const program = ts.createProgram(sources, {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    typeRoots: [join(dirname(sources[0] ?? ''), 'node_modules/@types')],
  });
  const faults = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics].map(
    ({ file, start = 0, messageText }) =>
      `${file?.fileName ?? ''}:${String((file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1)} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
  );
  if (faults.length > 0) throw new Error(`The service does not compile:\n${faults.join('\n')}`);
}
