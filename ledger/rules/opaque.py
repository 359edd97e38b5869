"""The kinds of values that may be told to a processor: ids, amounts, times and fixed words, with no room for a person.

A kind is a pattern of the whole text of a value. Free text has none, so that a name, an address, a birth date, a record
number or a note cannot be said, whatever the field is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ledger.rules.place_of_service import NAMES as PLACES_OF_SERVICE

if TYPE_CHECKING:
    from enum import StrEnum

# Stripe's largest amount in dollars is 999,999.99, which a ten-digit telephone number is not.
LARGEST_CENTS = 99_999_999
# Stripe's smallest charge in dollars: an invoice below it is marked paid and carried on the customer's balance.
SMALLEST_CHARGE_CENTS = 50


class Kind(NamedTuple):
    """A kind of value; its name goes into messages, a value never does."""

    name: str
    pattern: re.Pattern[str]

    def admits(self, text: str) -> bool:
        """Tell whether the text is of this kind, as a whole."""
        return self.pattern.fullmatch(text) is not None


def _kind(name: str, pattern: str) -> Kind:
    return Kind(name, re.compile(pattern, re.ASCII))


def one_of(*words: str) -> Kind:
    """Give the kind of a list of fixed words."""
    return _kind(f"one of {len(words)} fixed words", "|".join(map(re.escape, words)))


def words_of(words: type[StrEnum]) -> Kind:
    """Give the kind of the values of an enumeration."""
    return one_of(*(word.value for word in words))


def _id(prefix: str) -> Kind:
    return _kind(f"a Stripe id {prefix}_…", f"{prefix}_[A-Za-z0-9]{{8,64}}")


CUSTOMER = _id("cus")
INVOICE = _id("in")
# Cards and sources of the older interfaces are payment methods too, and keep their ids.
PAYMENT_METHOD = _kind("a Stripe id pm_…, card_… or src_…", "(?:pm|card|src)_[A-Za-z0-9]{8,64}")
SETUP_INTENT = _id("seti")
SUBSCRIPTION = _id("sub")
METER = _kind("a Stripe id mtr_…", "mtr_(?:test_)?[A-Za-z0-9]{8,64}")
PAYOUT = _id("po")
# Where a page of a list goes on, or what is read: the id of any kind of object that is listed.
OBJECT = _kind(
    "a Stripe id",
    "(?:ch|py|pi|re|pyr|dp|du|in|inpay|cn|cus|sub|txn|po|prod|price|cbtxn|evt|mtrusg|pm|card|src|seti)_[A-Za-z0-9]{8,64}",
)
TOKEN = _kind("a UUID in lower case", "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
KEY = _kind("an idempotency key of ours", rf"{TOKEN.pattern.pattern}:[a-z_]{{1,24}}[0-9]{{0,2}}(?::[0-9]{{1,4}})?")
CENTS = _kind("an amount in cents", "[1-9][0-9]{0,7}")
CREDIT_CENTS = _kind("an amount in cents below 0", "-[1-9][0-9]{0,7}")
COUNT = _kind("a whole number from 1 to 100", "[1-9][0-9]?|100")
TIME = _kind("a time in seconds, from 2001 to 2286", "[1-9][0-9]{9}")
MOMENT = _kind("a time with its zone", r"2[0-9]{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d:\d\d")
PLACE_OF_SERVICE = _kind("a place of service", "|".join(sorted(PLACES_OF_SERVICE)))
# The number of a category, never its name: a category of care is a fact about a patient.
EVENT_NAME = _kind("the name of a meter's events", "visit_category_[1-9][0-9]?")
# A practice's catalogue is named by a UUID made of the practice's id, which nobody reads back.
PRODUCT = _kind("the id of a product of ours", "prod_[0-9a-f]{32}")
PRICE = _id("price")
LOOKUP_KEY = _kind("the lookup key of a price of ours", "trueup_[0-9a-f]{32}_(?:flat|[1-9][0-9]?)_[1-9][0-9]{0,7}")
_PRICE_OF_A_VISIT = "[1-9][0-9]?=[1-9][0-9]{0,7}"
VISIT_PRICES = _kind("prices by category", f"{_PRICE_OF_A_VISIT}(?:,{_PRICE_OF_A_VISIT}){{0,8}}")

ROOM_SID = _kind("a Twilio id RM…", "RM[0-9a-f]{32}")
PARTICIPANT_SID = _kind("a Twilio id PA…", "PA[0-9a-f]{32}")
ACCOUNT_SID = _kind("a Twilio id AC…", "AC[0-9a-f]{32}")
MESSAGING_SID = _kind("a Twilio id MG…", "MG[0-9a-f]{32}")
PHONE = _kind("a telephone number as +15551234567", r"\+[1-9][0-9]{6,14}")
ROOM_SECONDS = _kind(
    "seconds, from 600 to 86,400", "[6-9][0-9]{2}|[1-9][0-9]{3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400"
)
# Of ours alone: nothing after it, so that nothing can be said in it.
CALLBACK_URL = _kind("the address of our callbacks", r"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?/webhooks/twilio")
