// npm run dev: npm start, which builds again what changes, and then restarts the processes that use it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { firstRun } from './first-run.mjs';
import { ROOT } from './prepare.mjs';

const TURBO = join(ROOT, 'node_modules/turbo/bin/turbo');

await firstRun({
  watch: true,
  alongside() {
    // In a group of its own, since turbo's command is a script that starts the program.
    const turbo = spawn(process.execPath, [TURBO, 'watch', 'build', '--output-logs=errors-only'], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
    });
    const stop = () => {
      try {
        process.kill(-turbo.pid, 'SIGTERM');
      } catch {
        // It ended in the meantime.
      }
    };
    process.once('exit', stop);
    return stop;
  },
});
