-- AlterTable
ALTER TABLE "attempts" ADD COLUMN     "request_headers" JSON,
ADD COLUMN     "response_headers" JSON,
ADD COLUMN     "url" TEXT;
