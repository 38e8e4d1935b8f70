// npm run generate:configuration: writes docs/configuration.md from the schemas of the settings.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, ROOT } from './prepare.mjs';

prepare();

const { format, resolveConfig } = await import('prettier');
const { configurationPage, describeSettings } = await import('../packages/config/dist/index.js');
const { apiSettings } = await import('../apps/api/dist/config.js');
const { workerSettings } = await import('../apps/worker/dist/config.js');

const page = join(ROOT, 'docs/configuration.md');
const text = configurationPage(describeSettings({ API: apiSettings, worker: workerSettings }));
writeFileSync(page, await format(text, { ...(await resolveConfig(page)), filepath: page }));
