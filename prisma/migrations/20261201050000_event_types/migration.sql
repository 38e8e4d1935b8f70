-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "event_version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "events" ADD COLUMN     "is_preview" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "version" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "expansions" ADD COLUMN     "event_version" INTEGER NOT NULL DEFAULT 1;

-- CreateTable
CREATE TABLE "event_types" (
    "name" TEXT NOT NULL,
    "title" TEXT,
    "description" TEXT NOT NULL,
    "group" TEXT,
    "default_version" INTEGER NOT NULL,
    "deprecated_at" TIMESTAMPTZ(3),
    "replaced_by" TEXT,
    "archived_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revision" UUID NOT NULL DEFAULT gen_random_uuid(),

    CONSTRAINT "event_types_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "event_type_versions" (
    "type" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "audience" TEXT NOT NULL,
    "owner_field" TEXT NOT NULL,
    "unknown_fields" TEXT NOT NULL,
    "schema" JSON NOT NULL,
    "examples" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "event_type_versions_pkey" PRIMARY KEY ("type","version")
);

-- CreateTable
CREATE TABLE "event_type_state" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "state" UUID NOT NULL,

    CONSTRAINT "event_type_state_pkey" PRIMARY KEY ("id")
);

-- AddForeignKey
ALTER TABLE "event_type_versions" ADD CONSTRAINT "event_type_versions_type_fkey" FOREIGN KEY ("type") REFERENCES "event_types"("name") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The one row. Whoever starts first writes the types of a new installation, because the state is still the nil UUID.
INSERT INTO "event_type_state" ("state") VALUES ('00000000-0000-0000-0000-000000000000');
