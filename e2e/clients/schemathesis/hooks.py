"""The rules of valid requests that a schema cannot say, for schemathesis."""

import unicodedata
import uuid

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

HOSTS = ["example.com", "hooks.example.com", "example.org:8443", "xn--bcher-kva.example"]
urls = strategies.builds("https://{}/{}".format, strategies.sampled_from(HOSTS), strategies.text("abc-_.~0/", max_size=20))
schemathesis.openapi.format("uri", urls)


def has_control_characters(value):
    """Python's regular expressions do not know the classes of Unicode, so it generates characters that the pattern excludes."""
    if isinstance(value, dict):
        return any(map(has_control_characters, value.values()))
    if isinstance(value, list):
        return any(map(has_control_characters, value))
    return isinstance(value, str) and any(unicodedata.category(character).startswith("C") for character in value)


@schemathesis.hook
def filter_query(context, query):
    return not has_control_characters(query or {})


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """`GET /api/events/stream` is the stream, not the event with this id."""
    return not has_control_characters(path_parameters or {}) and (path_parameters or {}).get("id") != "stream"


@schemathesis.hook
def filter_body(context, body):
    return not has_control_characters(body)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Corrects valid requests where the validity of one field depends on another one, or on what the server has sent before."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)
    if isinstance(case.headers, dict) and "Idempotency-Key" in case.headers:
        # The answer to an earlier request is sent again, whatever became of its webhook.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if isinstance(case.body, dict):
        case.body.pop("until", None)
        if case.body.get("status") == [] and not case.body.get("missing"):
            del case.body["status"]
        if isinstance(case.body.get("retry"), dict):
            case.body["retry"].pop("max_delay_ms", None)
            if len(case.body["retry"]) > 1:
                case.body["retry"].pop("schedule", None)
