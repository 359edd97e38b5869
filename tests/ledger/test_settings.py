"""Settings come from the environment and nowhere else; a wrong one is a sentence."""

from __future__ import annotations

import base64
from datetime import time
from pathlib import Path

import pytest

from ledger.rules.requests import Excess
from ledger.settings import Settings, SettingsError

KEY = base64.b64encode(bytes(32)).decode()


def test_an_empty_environment_gives_the_defaults_of_the_contract() -> None:
    assert Settings.from_environment({}) == Settings(
        home=Path.cwd() / ".trueup",
        database_url=None,
        timezone="UTC",
        claim_overdue_days=45,
        underpaid_cents=100,
        eft_overdue_days=10,
        duplicate_hours=24,
        archive_key=None,
        archive_key_command=None,
        drop_folder=None,
        nightly_at=None,
        dashboard_port=8350,
        dagster_port=8351,
    )


def test_every_setting_is_read() -> None:
    given = {
        "TRUEUP_HOME": "/srv/books",
        "TRUEUP_DATABASE_URL": "postgresql://someone@db/books",
        "TRUEUP_TIMEZONE": "America/New_York",
        "TRUEUP_CLAIM_OVERDUE_DAYS": "1",
        "TRUEUP_UNDERPAID_CENTS": "2",
        "TRUEUP_EFT_OVERDUE_DAYS": "3",
        "TRUEUP_DUPLICATE_HOURS": "4",
        "TRUEUP_ARCHIVE_KEY": KEY,
        "TRUEUP_DROP_FOLDER": "/srv/inbox",
        "TRUEUP_NIGHTLY_AT": "02:30",
        "TRUEUP_DASHBOARD_PORT": "5",
        "TRUEUP_DAGSTER_PORT": "6",
        "TRUEUP_STRIPE_LOOKBACK_DAYS": "7",
        "TRUEUP_PORTAL_KEY": KEY,
        "TRUEUP_MAIL_URL": "smtps://mail.example.com",
        "TRUEUP_MAIL_FROM": "care@example.com",
        "TRUEUP_FINANCE_MAIL": "ada@example.com, cfo@example.com,ada@example.com",
    }
    assert Settings.from_environment(given) == Settings(
        home=Path("/srv/books"),
        database_url="postgresql://someone@db/books",
        timezone="America/New_York",
        claim_overdue_days=1,
        underpaid_cents=2,
        eft_overdue_days=3,
        duplicate_hours=4,
        archive_key=KEY,
        archive_key_command=None,
        portal_key=KEY,
        mail_url="smtps://mail.example.com",
        mail_from="care@example.com",
        finance_mail=("ada@example.com", "cfo@example.com"),
        drop_folder=Path("/srv/inbox"),
        nightly_at=time(2, 30),
        dashboard_port=5,
        dagster_port=6,
        stripe_lookback_days=7,
    )


def test_the_key_of_the_archive_comes_from_one_place_only() -> None:
    command = "kms decrypt --out base64"
    assert Settings.from_environment({"TRUEUP_ARCHIVE_KEY_COMMAND": command}).archive_key_command == command
    with pytest.raises(SettingsError, match="both set") as caught:
        Settings.from_environment({"TRUEUP_ARCHIVE_KEY_COMMAND": command, "TRUEUP_ARCHIVE_KEY": KEY})
    assert KEY not in str(caught.value)
    assert command not in str(caught.value)


def test_an_empty_value_is_the_default() -> None:
    assert Settings.from_environment({"TRUEUP_DATABASE_URL": " ", "TRUEUP_HOME": ""}) == Settings.from_environment({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUEUP_TIMEZONE", "Mars/Olympus"),
        ("TRUEUP_TIMEZONE", "../etc/passwd"),
        ("TRUEUP_TIMEZONE", "Europe"),
        ("TRUEUP_UNDERPAID_CENTS", "1.00"),
        ("TRUEUP_UNDERPAID_CENTS", "-1"),
        ("TRUEUP_CLAIM_OVERDUE_DAYS", "\u0664"),
        ("TRUEUP_DASHBOARD_PORT", "70000"),
        ("TRUEUP_DATABASE_URL", "mysql://secret@db"),
        ("TRUEUP_PORTAL_KEY", "secret!"),
        ("TRUEUP_FINANCE_MAIL", "ada@example.com; cfo@example.com"),
        ("TRUEUP_MAIL_URL", "https://user:secret@mail.example.com"),
        ("TRUEUP_MAIL_URL", "smtp://user:secret@mail.example.com"),  # without TRUEUP_MAIL_FROM
        ("TRUEUP_ARCHIVE_KEY", "secret!"),
        ("TRUEUP_ARCHIVE_KEY", base64.b64encode(b"secret").decode()),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        Settings.from_environment({name: value})
    assert value not in str(caught.value)


def test_secrets_stay_out_of_the_repr() -> None:
    shown = repr(
        Settings(
            home=Path("/"),
            database_url="postgresql://u:hidden@db/x",
            archive_key=KEY,
            archive_key_command="vault read --token hidden",
            portal_key=KEY,
            mail_url="smtp://user:hidden@mail.example.com",
        )
    )
    assert "hidden" not in shown
    assert KEY not in shown


def test_every_webhook_endpoint_has_a_secret_of_its_own_that_no_repr_shows() -> None:
    named = {"TRUEUP_STRIPE_WEBHOOK_SECRET_PAYMENTS": " whsec_1 ", "TRUEUP_STRIPE_WEBHOOK_SECRET_RISK_TEAM": "whsec_2"}
    found = Settings.from_environment({**named, "TRUEUP_STRIPE_WEBHOOK_SECRET_CONNECT": " "})
    assert found.webhook_secrets == {"payments": "whsec_1", "risk-team": "whsec_2"}
    assert "whsec" not in repr(found)
    with pytest.raises(SettingsError, match="of its own") as refusal:
        Settings.from_environment(dict.fromkeys(named, "whsec_1"))
    assert "whsec_1" not in str(refusal.value)


@pytest.mark.parametrize(("mode", "is_live"), [("", False), ("test", False), ("live", True)])
def test_stripe_s_mode_is_test_unless_it_is_said(mode: str, is_live: bool) -> None:
    assert Settings.from_environment({"TRUEUP_STRIPE_MODE": mode}).stripe_is_live is is_live


def test_another_mode_of_stripe_is_refused() -> None:
    with pytest.raises(SettingsError, match="test or live"):
        Settings.from_environment({"TRUEUP_STRIPE_MODE": "Live"})


@pytest.mark.parametrize(
    ("mode", "key", "fits"),
    [
        ("", "sk_test_1", True),
        ("test", "rk_test_1", True),
        ("live", "sk_live_1", True),
        ("", "sk_live_1", False),
        ("test", "rk_live_1", False),
        ("live", "sk_test_1", False),
        ("", "whsec_1", False),
    ],
)
def test_a_live_key_needs_the_live_mode(mode: str, key: str, fits: bool) -> None:
    given = {"TRUEUP_STRIPE_MODE": mode, "TRUEUP_STRIPE_KEY": key}
    if fits:
        found = Settings.from_environment(given)
        assert found.stripe_key == key
        assert key not in repr(found)
        return
    with pytest.raises(SettingsError, match="TRUEUP_STRIPE_KEY") as caught:
        Settings.from_environment(given)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "url", "fits"),
    [
        ("test", "http://127.0.0.1:12111", True),
        ("live", "https://api.stripe.com", True),
        ("live", "http://127.0.0.1:12111", False),
        ("test", "https://api.example.com", False),
        ("test", "http://10.0.0.1", False),
    ],
)
def test_what_is_sent_goes_to_stripe_or_to_this_machine(mode: str, url: str, fits: bool) -> None:
    given = {"TRUEUP_STRIPE_MODE": mode, "TRUEUP_STRIPE_URL": url}
    if fits:
        assert Settings.from_environment(given).stripe_url == url
    else:
        with pytest.raises(SettingsError, match="TRUEUP_STRIPE_URL"):
            Settings.from_environment(given)


def test_an_excess_goes_to_the_balance_or_is_refunded() -> None:
    assert Settings.from_environment({}).credit_excess is Excess.BALANCE
    assert Settings.from_environment({"TRUEUP_CREDIT_EXCESS": "refund"}).credit_excess is Excess.REFUND
    with pytest.raises(SettingsError, match="balance or refund"):
        Settings.from_environment({"TRUEUP_CREDIT_EXCESS": "voucher"})


TWILIO = {
    "TRUEUP_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TRUEUP_TWILIO_AUTH_TOKEN": "f" * 32,
    "TRUEUP_TWILIO_KEY_SID": "SK" + "0" * 32,
    "TRUEUP_TWILIO_KEY_SECRET": "s" * 32,
    "TRUEUP_PORTAL_URL": "https://portal.example.com/",
}


def test_an_account_at_twilio_is_whole_or_none() -> None:
    assert Settings.from_environment({}).twilio is None
    settings = Settings.from_environment(TWILIO)
    assert settings.twilio is not None
    assert settings.twilio.callback_url == "https://portal.example.com/webhooks/twilio"
    assert "s" * 32 not in repr(settings)
    for name in TWILIO:
        with pytest.raises(SettingsError, match="TRUEUP_TWILIO_"):
            Settings.from_environment({**TWILIO, name: ""})
    with pytest.raises(SettingsError, match="on this machine"):
        Settings.from_environment({**TWILIO, "TRUEUP_TWILIO_URL": "https://elsewhere.example"})
