#!/usr/bin/env bash
# schemathesis, which derives requests from the document, and checks the API's answers: https://schemathesis.io
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/pip" install --quiet schemathesis
cd "$WORK"
SCHEMATHESIS_HOOKS="$HERE/hooks.py" "$WORK/venv/bin/schemathesis" run "$DOCUMENT" --url "$TIDINGS_URL" \
  --header "Authorization: Bearer $TOKEN" --request-timeout 60 --exclude-operation-id followEvents --max-examples "${EXAMPLES:-100}"
