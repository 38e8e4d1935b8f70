#!/usr/bin/env bash
# openapi-python-client: https://github.com/openapi-generators/openapi-python-client
set -euo pipefail
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/pip" install --quiet openapi-python-client
PATH="$WORK/venv/bin:$PATH" openapi-python-client generate --path "$DOCUMENT" --meta none --output-path "$WORK/tidings_client" --fail-on-warning
PYTHONPATH="$WORK" "$WORK/venv/bin/python" "$(dirname "$0")/main.py"
