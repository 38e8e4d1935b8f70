#!/usr/bin/env bash
# Sends a signed event to a receiver of yours, as Tidings would:
#   WEBHOOK_SECRET=whsec_… bash send.sh http://127.0.0.1:5000/hook
set -euo pipefail
id=evt_$(openssl rand -hex 16) timestamp=$(date +%s)
body='{"type":"sync.failed","timestamp":"2026-11-24T10:00:00.000Z","data":{"user_id":"alice","error_message":"none"}}'

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signature=v1,$(printf %s "$id.$timestamp.$body" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

curl --fail-with-body -sS -o /dev/null -w '%{http_code}\n' "$1" -H 'Content-Type: application/json' -d "$body" \
  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: $signature"
