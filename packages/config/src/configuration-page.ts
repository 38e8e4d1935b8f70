import type { SettingDescription } from './describe-settings.js';
import { GROUPS, type Group } from './group.js';
import { fileVariable, SECRET_SETTINGS } from '@tidings/runtime/secret-files';

/** Sentences above the table of a group. */
const NOTES: Partial<Record<Group, string>> = {
  Basics:
    '`openssl rand -base64 32` prints a key for `SECRETS_KEYS`. The [runbook](runbook.md#changing-secrets_keys) describes how to change keys.',
  'HTTP server': 'See [behind a proxy](deploying.md#behind-a-proxy) and [the dashboard](dashboard.md).',
  Tokens:
    'Exactly one of `JWT_SECRET`, `JWT_PUBLIC_KEY`, `JWT_JWKS_URL` and `JWT_JWKS_FILE` must be set. See [identity](identity.md).',
  Delivery: 'See [retries](receiving.md#retries), [workers](scaling.md#workers) and [outboxes](deploying.md#outboxes).',
  Egress: 'See [egress](deploying.md#egress).',
  Limits: 'See [limits on callers](deploying.md#limits-on-callers).',
  Streams: 'See [limits on callers](deploying.md#limits-on-callers) and [the live stream](stream.md).',
  'Logging and monitoring': 'See [monitoring](monitoring.md).',
  Tracing:
    'The names are those of OpenTelemetry. Its exporter reads [more of its variables](monitoring.md#traces), such as `OTEL_EXPORTER_OTLP_HEADERS`.',
};

/** Writes docs/configuration.md, with a table for each group of settings. Prettier has to align the tables. */
export function configurationPage(settings: readonly SettingDescription[]): string {
  const processes = new Set(settings.flatMap((setting) => setting.processes));
  const sections = GROUPS.map((group) => {
    const rows = settings
      .filter((setting) => setting.group === group)
      .map((setting) => [
        `\`${setting.name}\``,
        setting.isRequired ? 'required' : setting.initial === undefined ? 'unset' : `\`${setting.initial}\``,
        setting.values,
        setting.description,
        setting.processes.length === processes.size ? 'both' : setting.processes.join(', '),
      ]);
    const table = [['setting', 'default', 'values', 'meaning', 'process'], Array(5).fill('---'), ...rows];
    return [`## ${group}`, NOTES[group] ?? [], table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')].flat().join('\n\n');
  });
  return [INTRODUCTION, ...sections].join('\n\n') + '\n';
}

const INTRODUCTION = `<!-- Generated from the schemas of the settings by "npm run generate:configuration". Do not edit this page. -->

# Configuration

The API and the workers read these environment variables when they start ([rules](deploying.md#processes)). A \`required\` setting
has no default. A process does not start without its required settings, nor with a value that is not allowed. Ranges include both
ends. The last column names the process that reads the setting.

${SECRET_SETTINGS.map((name) => `\`${name}\``).join(', ')} may come from [files](deploying.md#secrets-from-files): \`${fileVariable('DATABASE_URL')}\` is
the path of a file with the value of \`DATABASE_URL\`, and so on.`;
