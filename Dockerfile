# syntax=docker/dockerfile:1.20@sha256:26147acbda4f14c5add9946e2fd2ed543fc402884fd75146bd342a7f6271dc1d
# Base images are pinned by the digest of their index for all platforms; Dependabot updates tag and digest.
# Three images: docker build --target api .   --target worker .   --target migrate .
FROM node:24-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS base
WORKDIR /app

# Only the files that decide which packages are installed, so that the installs stay cached until one of these files changes.
FROM base AS manifests
COPY .npmrc package.json package-lock.json ./
COPY --parents apps/*/package.json packages/*/package.json e2e/package.json bench/package.json chaos/package.json docs/package.json ./

# One production install for all three images: they share the layer. Without optional packages as well: npm would count
# Prisma's command line among them, 250 MB that only development needs.
FROM manifests AS packages
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional

FROM manifests AS build
ENV TURBO_TELEMETRY_DISABLED=1
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npx turbo run build --filter=@tidings/api --filter=@tidings/dashboard --filter=@tidings/worker --filter=@tidings/cli
RUN mkdir /built && cp -r --parents prisma apps/*/dist packages/*/dist /built/

FROM base AS runtime
ENV NODE_ENV=production
COPY --from=packages /app ./
COPY --from=build /built/packages ./packages
USER node
STOPSIGNAL SIGTERM

FROM runtime AS api
ENV PORT=3000 HEALTH_PORT=3001
COPY --from=build /built/apps/api ./apps/api
COPY --from=build /built/apps/dashboard ./apps/dashboard
EXPOSE 3000 3001
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "packages/runtime/dist/probe/main.js"]
CMD ["node", "apps/api/dist/main.js"]

FROM runtime AS worker
# This pool looks up host names: with its default of 4 threads, one name server that hangs would delay all other look-ups.
ENV HEALTH_PORT=3001 UV_THREADPOOL_SIZE=64
COPY --from=build /built/apps/worker ./apps/worker
EXPOSE 3001
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "packages/runtime/dist/probe/main.js"]
CMD ["node", "--max-semi-space-size=64", "apps/worker/dist/main.js"]

# Runs once and ends: before the other two start, at every deployment.
FROM runtime AS migrate
COPY --from=build /built/prisma ./prisma
CMD ["node", "packages/database/dist/migrations/main.js"]
