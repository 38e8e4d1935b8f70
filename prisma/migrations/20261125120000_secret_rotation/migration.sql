-- AlterTable
ALTER TABLE "webhooks" ADD COLUMN     "sealed_previous_secrets" BYTEA;
