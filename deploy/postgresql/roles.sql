-- The database and the role of Tidings, with least rights: run it once as a superuser of PostgreSQL.
--
--   psql --set=password="$password" --file=deploy/postgresql/roles.sql postgres
--
-- The role owns its tables, and neither the database nor the schema. It is for migrations and for the processes alike, because
-- the processes create and drop partitions, which only the owner of a table may.
\set ON_ERROR_STOP on
CREATE ROLE tidings LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE tidings ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE tidings FROM PUBLIC;
GRANT CONNECT ON DATABASE tidings TO tidings;

\connect tidings
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO tidings;
