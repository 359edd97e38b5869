"""Frozen settings; the only reader of the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ledger.rules.requests import Excess
from ledger.rules.twilio_account import TwilioAccount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY_BYTES = 32
LARGEST_PORT = 65_535
LARGEST_NUMBER = 1_000_000_000
LARGEST_DAYS = 36_500
STRIPE_JS_URL = "https://js.stripe.com/v3/"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_WEBHOOK_SECRET = "TRUEUP_STRIPE_WEBHOOK_SECRET_"  # noqa: S105 - the beginning of names of settings


class SettingsError(ValueError):
    """A setting cannot be used; the text is a sentence that names the setting and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """What a user may set, each from the environment variable of its name with TRUEUP_ before it.

    Days and hours are whole numbers, amounts are cents. Secrets stay out of the repr.
    """

    home: Path
    database_url: str | None = field(default=None, repr=False)
    timezone: str = "UTC"
    claim_overdue_days: int = 45
    underpaid_cents: int = 100
    eft_overdue_days: int = 10
    duplicate_hours: int = 24
    archive_key: str | None = field(default=None, repr=False)
    archive_key_command: str | None = field(default=None, repr=False)
    drop_folder: Path | None = None
    nightly_at: time | None = None
    dashboard_port: int = 8350
    dagster_port: int = 8351
    portal_port: int = 8352
    sandbox_port: int = 8353
    # By the endpoint's name in its address; an endpoint without a secret is none.
    webhook_secrets: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    stripe_is_live: bool = False
    stripe_key: str | None = field(default=None, repr=False)
    stripe_url: str = "https://api.stripe.com"
    # Goes into pages: with it a browser gives Stripe a card, and nothing else.
    stripe_publishable_key: str | None = None
    stripe_lookback_days: int = 30
    credit_excess: Excess = Excess.BALANCE
    portal_key: str | None = field(default=None, repr=False)
    portal_key_command: str | None = field(default=None, repr=False)
    portal_keys_in_files: bool = False
    mail_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    # Who gets the month-start mail.
    finance_mail: tuple[str, ...] = ()
    twilio: TwilioAccount | None = None

    @property
    def is_at_stripe(self) -> bool:
        """Whether Stripe itself is called, and not a sandbox on this machine."""
        return self.stripe_url == type(self).stripe_url

    @property
    def stripe_js_url(self) -> str:
        """Where the script of the card form comes from: Stripe, or the sandbox that stands for it."""
        return STRIPE_JS_URL if self.is_at_stripe else f"{self.stripe_url}/js/v3/"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environ` (default: the process's own); an empty value is the default.

        Raises SettingsError with a sentence for the first value that cannot be used.
        """
        given = os.environ if environ is None else environ

        def text(name: str) -> str | None:
            return given.get(f"TRUEUP_{name}", "").strip() or None

        def place(name: str) -> Path | None:
            given_path = text(name)
            return Path(given_path).expanduser().absolute() if given_path else None

        return cls(
            home=place("HOME") or Path(".trueup").absolute(),
            database_url=_database_url(text("DATABASE_URL")),
            timezone=_timezone(text("TIMEZONE") or cls.timezone),
            claim_overdue_days=_number("CLAIM_OVERDUE_DAYS", text, cls.claim_overdue_days),
            underpaid_cents=_number("UNDERPAID_CENTS", text, cls.underpaid_cents),
            eft_overdue_days=_number("EFT_OVERDUE_DAYS", text, cls.eft_overdue_days),
            duplicate_hours=_number("DUPLICATE_HOURS", text, cls.duplicate_hours),
            archive_key=_key("ARCHIVE_KEY", text),
            archive_key_command=_archive_key_command(text("ARCHIVE_KEY_COMMAND"), text("ARCHIVE_KEY")),
            drop_folder=place("DROP_FOLDER"),
            nightly_at=_time_of_day("NIGHTLY_AT", text),
            dashboard_port=_number("DASHBOARD_PORT", text, cls.dashboard_port, largest=LARGEST_PORT),
            dagster_port=_number("DAGSTER_PORT", text, cls.dagster_port, largest=LARGEST_PORT),
            portal_port=_number("PORTAL_PORT", text, cls.portal_port, largest=LARGEST_PORT),
            sandbox_port=_number("SANDBOX_PORT", text, cls.sandbox_port, largest=LARGEST_PORT),
            webhook_secrets=_webhook_secrets(given),
            stripe_is_live=_is_live(text("STRIPE_MODE")),
            stripe_key=_stripe_key(text("STRIPE_KEY"), is_live=_is_live(text("STRIPE_MODE"))),
            stripe_url=_stripe_url(text("STRIPE_URL") or cls.stripe_url, is_live=_is_live(text("STRIPE_MODE"))),
            stripe_publishable_key=_publishable_key(
                text("STRIPE_PUBLISHABLE_KEY"), is_live=_is_live(text("STRIPE_MODE"))
            ),
            stripe_lookback_days=_number("STRIPE_LOOKBACK_DAYS", text, cls.stripe_lookback_days, largest=LARGEST_DAYS),
            credit_excess=_credit_excess(text("CREDIT_EXCESS") or cls.credit_excess),
            portal_key=_key("PORTAL_KEY", text),
            portal_key_command=text("PORTAL_KEY_COMMAND"),
            portal_keys_in_files=_is_yes("PORTAL_KEYS_IN_FILES", text),
            mail_url=_mail_url(text("MAIL_URL"), text("MAIL_FROM")),
            mail_from=text("MAIL_FROM"),
            finance_mail=_finance_mail(text("FINANCE_MAIL")),
            twilio=_twilio(text),
        )


def _number(name: str, text: Callable[[str], str | None], default: int, *, largest: int = LARGEST_NUMBER) -> int:
    value = text(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()) or int(value) > largest:
        raise SettingsError(f"TRUEUP_{name} must be a whole number from 0 to {largest}; correct it or leave it out.")
    return int(value)


def _webhook_secrets(given: Mapping[str, str]) -> dict[str, str]:
    found = {
        name.removeprefix(_WEBHOOK_SECRET).lower().replace("_", "-"): value.strip()
        for name, value in given.items()
        if name.startswith(_WEBHOOK_SECRET) and value.strip()
    }
    if len(set(found.values())) < len(found):
        raise SettingsError(f"Two {_WEBHOOK_SECRET}… are the same: every endpoint has a secret of its own at Stripe.")
    return found


def _is_live(mode: str | None) -> bool:
    if mode not in {None, "test", "live"}:
        raise SettingsError("TRUEUP_STRIPE_MODE must be test or live; correct it or leave it out (test).")
    return mode == "live"


def _stripe_key(key: str | None, *, is_live: bool) -> str | None:
    mode = "live" if is_live else "test"
    if key is not None and not key.startswith((f"sk_{mode}_", f"rk_{mode}_")):
        raise SettingsError(
            f"TRUEUP_STRIPE_KEY is no {mode} key (sk_{mode}_… or rk_{mode}_…), and TRUEUP_STRIPE_MODE is {mode}: "
            "correct one of them. A live key charges real cards."
        )
    return key


def _publishable_key(key: str | None, *, is_live: bool) -> str | None:
    mode = "live" if is_live else "test"
    if key is not None and not key.startswith(f"pk_{mode}_"):
        raise SettingsError(
            f"TRUEUP_STRIPE_PUBLISHABLE_KEY is no publishable key of {mode} mode (pk_{mode}_…): correct it. It stands "
            "in pages, so a secret key must never be put there."
        )
    return key


def _stripe_url(url: str, *, is_live: bool) -> str:
    place = urlsplit(url)
    is_own = place.scheme == "http" and place.hostname in {"127.0.0.1", "localhost", "::1"}
    if url != Settings.stripe_url and (is_live or not is_own):
        raise SettingsError(
            "TRUEUP_STRIPE_URL must be a sandbox on this machine (http://127.0.0.1:port), and empty in live mode: "
            "whoever answers there sees what is sent."
        )
    return url


def _credit_excess(text: str) -> Excess:
    if text not in set(Excess):
        raise SettingsError("TRUEUP_CREDIT_EXCESS must be balance or refund; correct it or leave it out (balance).")
    return Excess(text)


def _time_of_day(name: str, text: Callable[[str], str | None]) -> time | None:
    value = text(name)
    if value is None:
        return None
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - the time of day in TRUEUP_TIMEZONE
    except ValueError as error:
        raise SettingsError(f"TRUEUP_{name} must be a time of day such as 02:30; correct it.") from error


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # a folder, a path, or an unknown name
        raise SettingsError(
            "TRUEUP_TIMEZONE must be an IANA zone that this machine knows, such as America/New_York; correct it.",
        ) from error
    return name


def _database_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("TRUEUP_DATABASE_URL must start with postgresql:// (or be empty for the embedded one).")
    return url


def _key(name: str, given: Callable[[str], str | None]) -> str | None:
    text = given(name)
    if text is None:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(f"TRUEUP_{name} must be base64; `openssl rand -base64 32` makes one.") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"TRUEUP_{name} must be base64 of {KEY_BYTES} bytes, not {len(key)}; `openssl rand -base64 32` makes one.",
        )
    return text


def _is_yes(name: str, text: Callable[[str], str | None]) -> bool:
    value = text(name)
    if value not in {None, "yes", "no"}:
        raise SettingsError(f"TRUEUP_{name} must be yes or no; correct it or leave it out (no).")
    return value == "yes"


def _mail_url(url: str | None, sender: str | None) -> str | None:
    if url is not None and (urlsplit(url).scheme not in {"smtp", "smtps"} or not urlsplit(url).hostname):
        raise SettingsError("TRUEUP_MAIL_URL must be like smtp://user:password@mail.example.com:587, or smtps://….")
    if url is not None and not sender:
        raise SettingsError("TRUEUP_MAIL_URL is set without TRUEUP_MAIL_FROM: name the address that mail comes from.")
    return url


def addresses(text: str) -> tuple[str, ...]:
    """Return the mail addresses of a list with commas, each once; raises ValueError with a sentence."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not all(_ADDRESS.fullmatch(each) for each in found):
        raise ValueError("write mail addresses with commas between them, such as ada@example.com, cfo@example.com.")
    return found


def _finance_mail(text: str | None) -> tuple[str, ...]:
    try:
        return addresses(text or "")
    except ValueError as error:
        raise SettingsError(f"TRUEUP_FINANCE_MAIL cannot be read: {error}") from None


def _twilio(text: Callable[[str], str | None]) -> TwilioAccount | None:
    """Return the account, or None where none of its four parts is set."""
    parts = {
        name: text(f"TWILIO_{name.upper()}") or "" for name in ("account_sid", "auth_token", "key_sid", "key_secret")
    }
    if not any(parts.values()):
        return None
    callbacks = f"{(text('PORTAL_URL') or '').rstrip('/')}/webhooks/twilio"
    try:
        return TwilioAccount(
            **parts, callback_url=callbacks, url=text("TWILIO_URL") or "", sms_from=text("TWILIO_SMS_FROM") or ""
        )
    except ValueError as error:
        raise SettingsError(f"{error} Correct TRUEUP_TWILIO_… and TRUEUP_PORTAL_URL, or leave them out.") from None


def _archive_key_command(command: str | None, key: str | None) -> str | None:
    if command and key:
        raise SettingsError(
            "TRUEUP_ARCHIVE_KEY and TRUEUP_ARCHIVE_KEY_COMMAND are both set: keep one of them.",
        )
    return command
