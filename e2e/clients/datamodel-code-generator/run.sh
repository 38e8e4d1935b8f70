#!/usr/bin/env bash
# datamodel-code-generator, for pydantic 2: https://datamodel-code-generator.koxudaxi.dev
set -euo pipefail
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/pip" install --quiet datamodel-code-generator 'pydantic>=2' httpx
"$WORK/venv/bin/datamodel-codegen" --input "$DOCUMENT" --input-file-type openapi --output-model-type pydantic_v2.BaseModel \
  --output "$WORK/tidings_models.py" --target-python-version 3.11 2> "$WORK/generator.log" || { cat "$WORK/generator.log"; exit 1; }
PYTHONPATH="$WORK" "$WORK/venv/bin/python" "$(dirname "$0")/main.py"
