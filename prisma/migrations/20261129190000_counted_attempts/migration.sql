-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "counted" BOOLEAN NOT NULL DEFAULT true;
