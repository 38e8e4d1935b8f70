#!/usr/bin/env bash
# Defines an event type, registers a webhook for it, and publishes an event:
#   TIDINGS_URL=http://127.0.0.1:3000 TIDINGS_TOKEN=eyJ… bash define-and-publish.sh alice http://127.0.0.1:4000/hook
# The token is one of alice, with the scopes event-types:write and events:publish.
set -euo pipefail
owner=$1 receiver=$2

call() {
  curl --fail-with-body -sS -w '\n' -X "$1" "$TIDINGS_URL$2" -d "$3" \
    -H "Authorization: Bearer $TIDINGS_TOKEN" -H 'Content-Type: application/json' "${@:4}"
}

call PUT /api/event-types/parcel.scanned '{
  "description": "A parcel was scanned.",
  "audience": "owner",
  "owner_field": "customer_id",
  "schema": {
    "type": "object",
    "properties": { "customer_id": { "type": "string" }, "parcel": { "type": "string" }, "place": { "type": "string" } },
    "required": ["customer_id", "parcel", "place"]
  },
  "examples": [{ "customer_id": "acme", "parcel": "P-1", "place": "Kiel" }]
}'
call POST /api/webhooks '{"url":"'"$receiver"'","event_types":["parcel.*"]}' -H 'Idempotency-Key: parcels'
call POST /api/events '{"type":"parcel.scanned","data":{"customer_id":"'"$owner"'","parcel":"P-1","place":"Kiel"}}'
