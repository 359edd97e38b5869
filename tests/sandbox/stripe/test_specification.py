"""The document the sandbox checks against is the one of the SDK's version, and is itself checked."""

from pathlib import Path

import pytest
import stripe

from sandbox.stripe import spec
from sandbox.stripe.registry import HANDLED
from sandbox.stripe.serving import new_service


def test_the_sdk_and_the_specification_are_of_one_api_version() -> None:
    assert spec.specification().version == stripe.api_version == "2026-05-27.dahlia"


def test_every_operation_that_is_handled_is_one_of_stripes_and_takes_only_its_parameters() -> None:
    new_service().deliveries.close()
    operations = spec.specification().operations
    assert HANDLED.keys() <= operations.keys()
    for name, handled in HANDLED.items():
        known = operations[name].params["properties"].keys()
        assert {taken.partition(".")[0] for taken in handled.takes} - known == set(), name


def made(folder: Path) -> spec.Specification:
    """Return the specification of a folder, not the one this process keeps."""
    return spec.specification.__wrapped__(folder)


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    first = made(spec.cache_folder())
    whole = spec.cache_file(spec.cache_folder()).read_bytes()
    damaged = spec.cache_file(tmp_path)
    damaged.write_bytes(whole.replace(b"amount", b"amound", 1))
    assert made(tmp_path).schemas == first.schemas
    assert damaged.read_bytes() == whole


def test_another_document_than_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "stripe_spec.py"
    other.write_text("sspec = {}")
    monkeypatch.setattr(spec, "source", lambda: other)
    with pytest.raises(spec.SpecificationError, match="has the hash"):
        made(tmp_path / "cache")


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spec.lacking() is None
    monkeypatch.setattr(spec, "VERSION", "1.0")
    assert "written against 1.0" in str(spec.lacking())
    monkeypatch.setattr(spec, "PACKAGE", "no-such-package")
    assert "install it" in str(spec.lacking())


def test_a_literal_segment_goes_before_an_id() -> None:
    document = spec.specification()
    assert document.find("GET", "/v1/credit_notes/preview") == ("GetCreditNotesPreview", [])
    assert document.find("GET", "/v1/credit_notes/cn_1") == ("GetCreditNotesId", ["cn_1"])
    assert document.find("POST", "/v1/nothing") is None
