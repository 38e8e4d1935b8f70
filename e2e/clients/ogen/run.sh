#!/usr/bin/env bash
# ogen: https://ogen.dev
set -euo pipefail
mkdir -p "$WORK/tidings"
cp "$(dirname "$0")/main.go" "$WORK/"
cd "$WORK"
go mod init example.com/client 2> /dev/null
go run github.com/ogen-go/ogen/cmd/ogen@latest --target tidings --package tidings --clean "$DOCUMENT" 2> generator.log || { cat generator.log; exit 1; }
go mod tidy 2> /dev/null
go run .
