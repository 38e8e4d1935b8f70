import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The result of a command. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const MAIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/**
 * Runs `tidings` in a process of its own, as in a terminal.
 *
 * @param folder the working folder
 */
export async function runTidings(
  { url, token, folder }: { url: string; token: string; folder?: string },
  ...args: string[]
): Promise<CommandResult> {
  const env = { ...process.env, TIDINGS_URL: url, TIDINGS_TOKEN: token };
  const command = spawn(process.execPath, [MAIN, ...args], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = Promise.all([text(command.stdout), text(command.stderr)]);
  const code = await new Promise<number | null>((resolve) => command.once('exit', resolve));
  const [stdout, stderr] = await printed;
  return { code, stdout, stderr };
}
