-- AlterTable
ALTER TABLE "events" ADD COLUMN     "published_by" TEXT;
