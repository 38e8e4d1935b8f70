"""Registers a webhook, publishes and lists with the client that openapi-python-client generates."""

import os

from tidings_client import AuthenticatedClient
from tidings_client.api.events import list_events, publish_events
from tidings_client.api.webhooks import list_deliveries, list_webhooks, register_webhook
from tidings_client.models import (
    Accepted,
    AcceptedBatch,
    NewEventBatch,
    NewSyncCompletedData,
    NewSyncCompletedEvent,
    NewSyncCompletedEventType,
    NewWebhook,
    RetryPolicy,
)

client = AuthenticatedClient(base_url=os.environ["TIDINGS_URL"], token=os.environ["TOKEN"])
OWNER = os.environ["OWNER"]
LARGE = 5_000_000_000


def new_event() -> NewSyncCompletedEvent:
    return NewSyncCompletedEvent(
        type_=NewSyncCompletedEventType.SYNC_COMPLETED,
        data=NewSyncCompletedData(user_id=OWNER, items_synced=LARGE, errors=0, duration_s=12.4),
    )


registration = NewWebhook(url="https://example.com/hook", event_types=["sync.*"], retry=RetryPolicy(max_attempts=5))
webhook = register_webhook.sync(client=client, body=registration)
assert webhook.secret.startswith("whsec_"), webhook
assert webhook.retry.max_attempts == 5, webhook

one = publish_events.sync(client=client, body=new_event())
assert isinstance(one, Accepted), one
batch = publish_events.sync(client=client, body=NewEventBatch(events=[new_event(), new_event()]))
assert isinstance(batch, AcceptedBatch) and len(batch.data) == 2, batch

assert webhook.id in [item.id for item in list_webhooks.sync(client=client).data]
assert len(list_deliveries.sync(webhook.id, client=client, event_types="sync.completed,sync.failed").data) == 3
events = list_events.sync(client=client, types="sync.*").data
assert [event.data["items_synced"] for event in events if event.id == one.id] == [LARGE], events
