-- The database and the roles of Tidings, with least rights. A superuser runs it, before the first migration or at any time later: what
-- exists already stays.
--
--   psql --set=password="$password" --file=deploy/postgresql/roles.sql postgres
--
-- This makes one role, which migrates and runs. It owns its tables, and neither the database nor the schema. To run as another role than
-- the one that migrates, add the password of a second one:
--
--   psql --set=password="$password" --set=run_password="$run_password" --file=deploy/postgresql/roles.sql postgres
--
-- The second role reads and writes rows and calls functions, and cannot create, change or drop anything. Two functions with the rights of
-- their owner add and drop the periods of the log for it. Give it no more: whoever may create triggers on a table runs code as its owner.
--
-- Other names: --set=database=, --set=schema=, --set=owner=, --set=runner=. Without a password, that of an existing role stays.
\set ON_ERROR_STOP on
\if :{?database} \else \set database tidings \endif
\if :{?schema} \else \set schema public \endif
\if :{?owner} \else \set owner tidings \endif
\if :{?runner} \else \set runner tidings_run \endif

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
\if :{?password}
  ALTER ROLE :"owner" PASSWORD :'password';
\endif
SELECT format('CREATE DATABASE %I ENCODING ''UTF8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"owner";
\if :{?run_password}
  SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', :'runner')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'runner') \gexec
  ALTER ROLE :"runner" PASSWORD :'run_password';
  GRANT CONNECT ON DATABASE :"database" TO :"runner";
\endif

\connect :"database"
CREATE SCHEMA IF NOT EXISTS :"schema";
REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"owner";
-- The functions of later migrations.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

\if :{?run_password}
  GRANT USAGE ON SCHEMA :"schema" TO :"runner";
  -- What later migrations create …
  ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"runner";
  ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT SELECT, USAGE ON SEQUENCES TO :"runner";
  ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"schema" GRANT EXECUTE ON FUNCTIONS TO :"runner";
  -- … and what there is. Tables of other applications in the schema have other owners.
  SELECT format(
    CASE relkind WHEN 'S' THEN 'GRANT SELECT, USAGE ON SEQUENCE %I.%I TO %I' ELSE 'GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I' END,
    nspname, relname, :'runner'
  )
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = :'schema' AND relowner = :'owner'::regrole AND relkind IN ('r', 'p', 'S') \gexec
  SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', pg_proc.oid::regprocedure),
    format('GRANT EXECUTE ON FUNCTION %s TO %I', pg_proc.oid::regprocedure, :'runner')
  FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
  WHERE nspname = :'schema' AND proowner = :'owner'::regrole \gexec
\endif
