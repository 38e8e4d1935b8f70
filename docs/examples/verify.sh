#!/usr/bin/env bash
# Verifies one webhook that was kept in a file, to see where a receiver of yours goes wrong:
#   WEBHOOK_SECRET=whsec_… bash verify.sh <webhook-id> <webhook-timestamp> '<webhook-signature>' body.json
set -euo pipefail
id=$1 timestamp=$2 signatures=$3 body=$4

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
expected=v1,$({ printf %s "$id.$timestamp."; cat "$body"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

age=$(($(date +%s) - timestamp))
if ((age < -300 || age > 300)); then
  echo "The timestamp is $age s old."
  exit 1
fi
case " $signatures " in
  *" $expected "*) echo 'The signature is right.' ;;
  *) echo "The signature is wrong. It should be $expected" && exit 1 ;;
esac
