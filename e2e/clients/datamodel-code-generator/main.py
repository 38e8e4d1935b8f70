"""Registers a webhook, publishes and lists with the models that datamodel-code-generator generates for pydantic 2."""

import os

import httpx
import tidings_models
from pydantic import BaseModel, ValidationError
from tidings_models import (
    Accepted,
    DeliveryPage,
    EventPage,
    NewEventBatch,
    NewEvents,
    NewSyncCompletedData,
    NewSyncCompletedEvent,
    NewWebhook,
    SyncCompletedEvent,
    Webhook,
    WebhookPage,
    WebhookWithSecret,
)

api = httpx.Client(base_url=os.environ["TIDINGS_URL"], headers={"authorization": f"Bearer {os.environ['TOKEN']}"})
OWNER = os.environ["OWNER"]
LARGE = 5_000_000_000


def post(path: str, body: BaseModel) -> str:
    json = body.model_dump_json(exclude_unset=True)
    response = api.post(path, content=json, headers={"content-type": "application/json"})
    assert response.is_success, response.text
    return response.text


def get(path: str) -> str:
    response = api.get(path)
    assert response.is_success, response.text
    return response.text


# Every model compiles: pydantic compiles a pattern when its model is first used.
for model in vars(tidings_models).values():
    if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == tidings_models.__name__:
        model.model_rebuild(force=True)

registration = NewWebhook(url="https://example.com/hook", event_types=["sync.*"], headers={"x-team": "a b"})
webhook = WebhookWithSecret.model_validate_json(post("/api/webhooks", registration))
assert webhook.secret.startswith("whsec_")

data = NewSyncCompletedData(user_id=OWNER, items_synced=LARGE, errors=0, duration_s=12.4)
event = NewSyncCompletedEvent(type="sync.completed", data=data)
accepted = Accepted.model_validate_json(post("/api/events", NewEvents(event)))
post("/api/events", NewEvents(NewEventBatch(events=[event, event])))

page = WebhookPage.model_validate_json(get("/api/webhooks"))
assert webhook.id in [item.id for item in page.data]
assert len(DeliveryPage.model_validate_json(get(f"/api/webhooks/{webhook.id}/deliveries")).data) == 3
events = EventPage.model_validate_json(get("/api/events")).data
assert [item.data["items_synced"] for item in events if item.id == accepted.id] == [LARGE]

# A field that a later version adds breaks no model of a response or of a payload; a misspelt one in a request is an error.
Webhook.model_validate({**page.data[0].model_dump(), "later": 1})
SyncCompletedEvent.model_validate(
    {"type": "sync.completed", "timestamp": "2026-11-24T10:00:00Z", "data": {**data.model_dump(), "later": 1}, "later": 1}
)
try:
    NewWebhook.model_validate({"url": "https://example.com/", "event_type": ["sync.*"]})
    raise AssertionError("NewWebhook accepted an unknown field.")
except ValidationError:
    pass
for user_id in ["", "a\0", "x" * 256]:
    try:
        NewSyncCompletedData(user_id=user_id, items_synced=1, errors=0, duration_s=1)
        raise AssertionError(f"user_id accepted {user_id!r}.")
    except ValidationError:
        pass
