"""Stripe's bracketed forms (`a[b][0]=c`) read into values by the schema of the operation."""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import invalid
from sandbox.stripe.values import Obj

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_INTEGER = re.compile(r"^-?\d+$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def decoded(text: str, schema: Obj, schemas: dict[str, Obj]) -> Obj:
    """Return the values of a form or query; what fits no type stays text, for the validation to refuse."""
    tree: Obj = {}
    for key, value in parse_qsl(text, keep_blank_values=True, strict_parsing=False):
        _put(tree, key, value)
    return {key: _typed(value, schema.get("properties", {}).get(key, {}), schemas) for key, value in tree.items()}


def _put(tree: Obj, key: str, value: str) -> None:
    found = _KEY.match(key)
    if not found:
        raise invalid(f"Invalid parameter name: {key}", key, "parameter_unknown")
    *way, last = [found[1], *_PART.findall(found[2])]
    for part in way:
        tree = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(f"Invalid parameter: {key} is given both as a value and with brackets", key)
    tree[last or str(len(tree))] = value


def _typed(value: Any, schema: Obj, schemas: dict[str, Obj]) -> Any:
    if "$ref" in schema:
        return _typed(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return _chosen(value, schema["anyOf"], schemas)
    return _mapped(value, schema, schemas) if isinstance(value, dict) else _scalar(value, schema)


def _mapped(value: Obj, schema: Obj, schemas: dict[str, Obj]) -> Any:
    if schema.get("type") == "array":
        if not all(key.isdigit() for key in value):
            return value
        return [_typed(value[key], schema.get("items", {}), schemas) for key in sorted(value, key=int)]
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    rest = others if isinstance(others, dict) else {}
    return {key: _typed(part, known.get(key, rest), schemas) for key, part in value.items()}


def _chosen(value: Any, branches: list[Obj], schemas: dict[str, Obj]) -> Any:
    if isinstance(value, dict):
        is_list = all(key.isdigit() for key in value)
        wanted = [branch for branch in branches if branch.get("type") == ("array" if is_list else "object")]
        fitting = [branch for branch in wanted if value.keys() <= branch.get("properties", value).keys()]
        return _typed(value, (fitting or wanted or [{}])[0], schemas)
    for branch in branches:
        if value in branch.get("enum", ()):
            return value
    typed = (_typed(value, branch, schemas) for branch in branches)
    return next((found for found in typed if not isinstance(found, str)), value)


def _scalar(value: str, schema: Obj) -> Any:
    kind = schema.get("type")
    if kind == "integer" and _INTEGER.match(value):
        return int(value)
    if kind == "number" and _NUMBER.match(value):
        return float(value)
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    return value
