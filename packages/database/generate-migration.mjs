// npm run generate:migration -- <name>
// Writes the migration that brings the schema to prisma/schema.prisma and functions/*.sql, and applies it to a database of
// its own, as a check; then writes schema.sql.
import { generateMigration } from './dist/migrations/generate.js';
import { migrate } from './dist/index.js';
import { withMigratedDatabase, writeSchema } from './migrated-database.mjs';

const [name = ''] = process.argv.slice(2);
await withMigratedDatabase(async (url) => {
  const folder = await generateMigration(url, name);
  if (folder === null) {
    console.log('The migrations, schema.prisma and functions/*.sql agree.');
    return;
  }
  console.log(`wrote prisma/migrations/${folder}/migration.sql: read it before you commit it`);
  await migrate(url);
  await writeSchema(url);
});
