"""A service with an event type of its own: defines it, registers a webhook for it, and publishes an event.

TIDINGS_URL=http://127.0.0.1:3000 TIDINGS_TOKEN=eyJ… python3 define_and_publish.py alice http://127.0.0.1:4000/hook
The token is one of alice, with the scopes event-types:write and events:publish.
"""

import json, os, sys, uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

INVOICE_PAID = {
    "title": "Invoice paid",
    "description": "An invoice was paid.",
    "group": "Billing",
    "audience": "owner",
    "owner_field": "org_id",
    "schema": {
        "type": "object",
        "properties": {
            "org_id": {"type": "string"},
            "amount": {"type": "number", "minimum": 0},
            "currency": {"enum": ["EUR", "USD"]},
        },
        "required": ["org_id", "amount", "currency"],
    },
    "examples": [{"org_id": "acme", "amount": 12.5, "currency": "EUR"}],
}


def call(method, path, body, **headers):
    """Sends a request and returns the response. A refused one ends the program with the problem document."""
    headers |= {"Authorization": "Bearer " + os.environ["TIDINGS_TOKEN"], "Content-Type": "application/json"}
    request = Request(os.environ["TIDINGS_URL"] + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urlopen(request, timeout=10) as response:
            return json.load(response)
    except HTTPError as error:
        sys.exit(f"{method} {path}: {error.read().decode()}")


def main(owner, receiver):
    # The same definition again changes nothing, so a service may send it at each start.
    event_type = call("PUT", "/api/event-types/invoice.paid", INVOICE_PAID)
    print(event_type["type"], "version", event_type["version"])

    # With the key, the second start gets the webhook of the first one.
    webhook = {"url": receiver, "event_types": ["invoice.*"]}
    print(call("POST", "/api/webhooks", webhook, **{"Idempotency-Key": "invoices"})["id"])

    # The id makes it one event, however often the request is sent.
    data = {"org_id": owner, "amount": 12.5, "currency": "EUR"}
    event = {"type": "invoice.paid", "id": f"invoice-{uuid.uuid4()}", "data": data}
    print(call("POST", "/api/events", event)["status"])


if __name__ == "__main__":
    main(*sys.argv[1:])
