"""Empty objects by the schema: what Stripe leaves null is null, what must have a value has to be set."""

from typing import Any

from sandbox.stripe.values import Obj

_UNSET = object()


def blank(name: str, schemas: dict[str, Obj]) -> Obj:
    """Return the object of that schema with nulls and empty lists; required scalars are left out, to be noticed."""
    return _filled(schemas[name], schemas)


def _filled(schema: Obj, schemas: dict[str, Obj]) -> Obj:
    required = set(schema.get("required", []))
    fields = schema.get("properties", {}).items()
    made = {key: _empty(key, found, schemas, required=key in required) for key, found in fields}
    return {key: value for key, value in made.items() if value is not _UNSET}


def _empty(key: str, schema: Obj, schemas: dict[str, Obj], *, required: bool) -> Any:
    if {"type": "null"} in schema.get("anyOf", []):
        return None
    if key in {"livemode", "metadata"}:
        return False if key == "livemode" else {}
    return _needed(schema, schemas) if required else _UNSET


def _needed(schema: Obj, schemas: dict[str, Obj]) -> Any:
    match schema:
        case {"$ref": str(reference)}:
            return _filled(schemas[reference.rpartition("/")[2]], schemas)
        case {"type": "array"}:
            return []
        case {"type": "object", "properties": _}:
            return _filled(schema, schemas)
        case {"enum": [only]}:
            return only
        case _:
            return _UNSET
