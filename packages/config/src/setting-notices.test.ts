import { expect, test } from '@jest/globals';
import { settingNotices } from './setting-notices.js';

const KNOWN = ['DATABASE_URL', 'DATABASE_POOL', 'REDIS_URL', 'JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_AUDIENCE', 'WEBHOOKS_PER_OWNER', 'RATE_LIMIT_PER_IP']; // prettier-ignore
const known = [...KNOWN, 'LOG_LEVEL', 'NODE_ENV', 'PORT', 'HOST', 'HEALTH_PORT', 'TRUST_PROXY', 'EGRESS_PROXY', 'MAX_STREAMS'];
const notices = (env: Record<string, string>) => settingNotices(known, env);

test.each([
  ['WEBHOOK_PER_OWNER', 'WEBHOOKS_PER_OWNER'],
  ['WEBHOOKS_PER_OWNERS', 'WEBHOOKS_PER_OWNER'],
  ['WEBHOOK_PER_ONWER', 'WEBHOOKS_PER_OWNER'],
  ['WEBHOOKSPER_OWNER', 'WEBHOOKS_PER_OWNER'],
  ['WEBHOOKS_PER_USER', 'WEBHOOKS_PER_OWNER'],
  ['webhooks_per_owner', 'WEBHOOKS_PER_OWNER'],
  ['TIDINGS_WEBHOOKS_PER_OWNER', 'WEBHOOKS_PER_OWNER'],
  ['JWT_AUDIANCE', 'JWT_AUDIENCE'],
  ['JTW_AUDIENCE', 'JWT_AUDIENCE'],
  ['JWT_SECRETS', 'JWT_SECRET'],
  ['JWT_SECRET_FIEL', 'JWT_SECRET_FILE'],
  ['RATELIMIT_PER_IP', 'RATE_LIMIT_PER_IP'],
])('%s is said to be no setting', (name, meant) => {
  expect(notices({ [name]: 'a value' })).toEqual([`${name} is not a setting, and has no effect. Did you mean ${meant}?`]);
});

test('a setting that is set is not what another variable means', () => {
  expect(notices({ WEBHOOK_PER_OWNER: '7', WEBHOOKS_PER_OWNER: '7' })).toEqual([]);
});

test('ordinary variables are not taken for settings', () => {
  const ordinary =
    'PATH HOME USER LOGNAME SHELL PWD OLDPWD LANG LC_ALL LC_CTYPE TERM COLORTERM EDITOR MAIL TMPDIR TZ HOSTNAME HOSTS PORTS ' +
    'SSH_AUTH_SOCK SSH_CONNECTION XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_SESSION_ID DBUS_SESSION_BUS_ADDRESS DISPLAY LS_COLORS ' +
    'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy FTP_PROXY ' +
    'NODE_OPTIONS NODE_PATH NODE_VERSION NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED YARN_VERSION NPM_TOKEN UV_THREADPOOL_SIZE ' +
    'npm_config_cache npm_lifecycle_event npm_package_name npm_node_execpath INIT_CWD ' +
    'KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_PORT_443_TCP_ADDR TIDINGS_API_PORT TIDINGS_API_SERVICE_HOST POD_NAME POD_IP ' +
    'DATABASE_HOST DATABASE_PORT DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DB_URL PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE ' +
    'POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_TLS_URL ' +
    'JWT_EXPIRES_IN JWT_KEY JWT_TTL API_PORT API_HOST API_KEY API_URL METRICS_PORT ADMIN_PORT ' +
    'INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID CREDENTIALS_DIRECTORY NOTIFY_SOCKET MEMORY_PRESSURE_WATCH ' +
    'CI GITHUB_ACTIONS GITHUB_TOKEN GITHUB_REF_NAME RUNNER_OS DYNO HEROKU_APP_NAME AWS_REGION AWS_SECRET_ACCESS_KEY GOOGLE_CLOUD_PROJECT ' +
    'OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES TIDINGS_URL TIDINGS_TOKEN WEBHOOK_SECRET RECEIVER_SECRET LOG_FILE LOG_DIR';
  expect(notices(Object.fromEntries(ordinary.split(' ').map((name) => [name, 'x'])))).toEqual([]);
});

test('white space around a secret is said, without the secret; a PEM text ends in a line break', () => {
  const env = {
    DATABASE_URL: 'postgresql://u:p@db/x\n',
    JWT_SECRET: ' hunter2',
    REDIS_URL: 'redis://a',
    JWT_PUBLIC_KEY: '-----\n',
  };
  expect(notices(env)).toEqual([
    'DATABASE_URL begins or ends in white space, which is not part of the value.',
    'JWT_SECRET begins or ends in white space, which is not part of the value.',
  ]);
});
