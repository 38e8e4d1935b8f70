/** Who may import whom. Packages of ours are resolved to their sources (tsconfig.imports.json), so that cycles across packages show. */
const TEST = '[.]test[.]ts$|^(apps|packages)/[^/]+/test/';
/** Code that runs in production, as opposed to tests, tools and what helps them. */
const PRODUCTION = { path: '^(apps|packages)/[^/]+/src/', pathNot: [TEST, '^packages/(local|testing)/'] };

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'What imports each other cannot be understood, tested or moved one by one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'apps-stand-alone',
      comment: 'An app is a process: it shares code with another one through a package.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'packages-know-no-app',
      comment: 'Imports go one way: apps → packages.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|e2e|bench|chaos)/' },
    },
    {
      name: 'events-stands-alone',
      comment: 'Other services install @tidings/events: it must not bring in the rest.',
      severity: 'error',
      from: { path: '^packages/events/', pathNot: TEST },
      to: { path: '^packages/', pathNot: '^packages/events/' },
    },
    {
      name: 'events-in-parts',
      comment: 'Who defines event types, publishes over HTTP or has an outbox loads no BullMQ.',
      severity: 'error',
      from: { path: '^packages/events/src/(define|http|outbox)/index[.]ts$' },
      to: { path: 'node_modules/(bullmq|ioredis)/', reachable: true },
    },
    {
      name: 'client-stands-alone',
      comment: 'Pages and other programs install @tidings/client: it has nothing of ours in it, and nothing of Node.',
      severity: 'error',
      from: { path: '^packages/client/', pathNot: TEST },
      to: {
        path: ['^packages/(?!client/)', '^node:', 'node_modules/(?!eventsource-parser/|openapi-fetch/)'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'only-through-the-index',
      comment: "A package's insides are its own: import @tidings/name.",
      severity: 'error',
      from: { path: '^(?:(?:apps|packages)/([^/]+)|scripts|e2e|bench|chaos)/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: [
          '^packages/[^/]+/(src/index[.]ts|dist/index[.]js)$',
          '^packages/(runtime|database|events|event-types)/src/[^/]+/index[.]ts$',
          '^packages/$1/',
        ],
      },
    },
    {
      name: 'sql-only-in-database',
      comment:
        'Every SQL statement is in packages/database. Whole-system tests, fault injection and measurements may look for themselves.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '^packages/(database|local|testing)/' },
      to: { path: 'node_modules/(pg|prisma|@prisma)/' },
    },
    {
      name: 'pure-code-does-no-io',
      comment: 'Signing, sealing, batching, the address rules and the event definitions are plain functions.',
      severity: 'error',
      from: {
        path: [
          '^packages/(signing|secrets|event-types)/src/',
          '^packages/database/src/group-commit[.]ts$',
          '^packages/egress/src/(url|address|headers)[.]ts$',
          '^packages/events/src/(catalog/|(catalog|define-event|event|pattern|validate-drafts)[.]ts$)',
        ],
        // Definitions are read from files.
        pathNot: [TEST, '^packages/event-types/src/definitions/read-'],
      },
      to: {
        dependencyTypes: ['core', 'npm'],
        pathNot: ['^(node:)?(crypto|net)$', 'node_modules/(zod|uuid|ipaddr[.]js|ajv|re2js)/'],
      },
    },
    {
      name: 'no-tools-in-production',
      comment: 'What helps tests, demos and measurements is not there in production.',
      severity: 'error',
      from: PRODUCTION,
      to: { path: ['^packages/(local|testing)/', '^(scripts|e2e|bench|chaos)/', TEST] },
    },
    {
      name: 'no-dev-dependencies-in-production',
      comment: 'Production installs without devDependencies: move the package to dependencies.',
      severity: 'error',
      // The dashboard is bundled, and the receiver is for demos: nothing that they are made of is installed in production.
      from: { ...PRODUCTION, pathNot: [...PRODUCTION.pathNot, '^apps/(dashboard|receiver)/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'declared',
      comment: 'It resolves only because another workspace happens to install it: name it in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: '(^|/)generated/' },
    // The dependencies of tests and tools are declared once, in the root package.json.
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.imports.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
