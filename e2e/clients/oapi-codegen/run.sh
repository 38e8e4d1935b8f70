#!/usr/bin/env bash
# oapi-codegen: https://github.com/oapi-codegen/oapi-codegen
set -euo pipefail
mkdir -p "$WORK/tidings"
cp "$(dirname "$0")/main.go" "$WORK/"
cd "$WORK"
go mod init example.com/client 2> /dev/null
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@latest -generate types,client -package tidings "$DOCUMENT" > tidings/client.go
go mod tidy 2> /dev/null
go vet ./...
go run .
