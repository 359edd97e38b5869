"""What the sandbox keeps of Stripe's OpenAPI document, made into plain JSON Schema and closed to unknown fields."""

from collections.abc import Iterator
from typing import Any

from sandbox.stripe.values import Obj

# Prefixes of paths below /v1 whose operations are kept whole; of all others only the operationId is.
KEPT = frozenset(
    """
    balance balance_transactions billing charges credit_notes customers disputes
    events invoice_payments invoiceitems invoices payment_intents payment_methods payouts
    prices products refunds setup_intents subscription_items subscriptions test_helpers
    webhook_endpoints
    """.split(),  # noqa: SIM905 - read as the table it is
)
_NOISE = {"description", "x-expansionResources", "x-expandableFields", "x-stripeBypassValidation", "title", "nullable"}
_FORM = "application/x-www-form-urlencoded"
_REFERENCE = "#/components/schemas/"


def _closed(schema: Any) -> Any:
    """Return the schema as JSON Schema: null where nullable, only named properties, ids where one may expand."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-expansionResources" in schema:
        # What expands is checked by itself, as the object it is: validators of everything take a minute to make.
        kept: Obj = {"type": "string", "x-expandable": True}
    else:
        kept = {key: _closed(value) for key, value in schema.items() if key not in _NOISE}
    if isinstance(schema.get("properties"), dict):
        kept["properties"] = {key: _closed(value) for key, value in schema["properties"].items()}
        if isinstance(schema.get("type"), str):
            kept.setdefault("additionalProperties", False)
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_REFERENCE)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _params(operation: Obj) -> Obj:
    """Return one closed object schema of the query and the body's form."""
    asked = [found for found in operation.get("parameters", []) if found["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get(_FORM, {}).get("schema", {})
    properties = {found["name"]: found["schema"] for found in asked} | body.get("properties", {})
    required = [found["name"] for found in asked if found.get("required")] + body.get("required", [])
    return {"type": "object", "properties": properties, "required": required}


def _answer(operation: Obj) -> Obj:
    found: Obj = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def _is_kept(path: str) -> bool:
    return path.startswith("/v1/") and path.split("/")[2] in KEPT


def reachable(schemas: Obj, start: Any) -> Obj:
    """Return the schemas by name that the start refers to, and those that they refer to."""
    found: Obj = {}
    waiting = list(_references(start))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += _references(schemas[name])
    return found


def trimmed(document: Obj) -> Obj:
    """Return the version, the kept operations, the schemas they reach, all known operations and the event types."""
    paths = document["paths"]
    known = [(method, path, found["operationId"]) for path, by in paths.items() for method, found in by.items()]
    kept = [(method, path, paths[path][method]) for method, path, _ in known if _is_kept(path)]
    schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
    operations = [
        {
            "operation_id": found["operationId"],
            "method": method,
            "path": path,
            "params": _closed(_params(found)),
            "response": _closed(_answer(found)),
        }
        for method, path, found in kept
    ]
    hooks = document["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"][
        "application/x-www-form-urlencoded"
    ]
    return {
        "version": document["info"]["version"],
        "operations": operations,
        "schemas": reachable(schemas, [operations, {"$ref": _REFERENCE + "error"}]),
        "known": known,
        "event_types": hooks["schema"]["properties"]["enabled_events"]["items"]["enum"],
    }
