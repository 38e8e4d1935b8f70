import { Command } from 'commander';
import { resealCommand } from './reseal.js';
import { revokeCommand } from './revoke.js';
import { tokenCommand } from './token.js';

const program = new Command('tidings')
  .description('Tools for Tidings: webhooks and a live event stream')
  .addCommand(tokenCommand({ env: process.env, folder: process.cwd() }))
  .addCommand(resealCommand({ env: process.env }))
  .addCommand(revokeCommand({ env: process.env }))
  .showHelpAfterError('("tidings --help" shows what there is.)');

await program.parseAsync();
