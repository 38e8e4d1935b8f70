// npm run generate:schema
// Writes schema.sql from a database that has all migrations.
import { withMigratedDatabase, writeSchema } from './migrated-database.mjs';

await withMigratedDatabase(writeSchema);
