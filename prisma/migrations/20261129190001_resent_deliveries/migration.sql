-- AlterTable
ALTER TABLE "pending_deliveries" ADD COLUMN     "resent" BOOLEAN NOT NULL DEFAULT false;
