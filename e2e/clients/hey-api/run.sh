#!/usr/bin/env bash
# Hey API, from node_modules: https://heyapi.dev
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
BIN="$HERE/../../../node_modules/.bin"
cp "$HERE/main.ts.template" "$WORK/main.ts"
cd "$WORK"
echo '{ "type": "commonjs" }' > package.json
"$BIN/openapi-ts" --input "$DOCUMENT" --output tidings --client @hey-api/client-fetch --silent
"$BIN/tsc" main.ts --outDir out --rootDir . --strict --target es2022 --lib es2022,dom,dom.iterable --module commonjs --moduleResolution bundler
node out/main.js
