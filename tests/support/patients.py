"""What a patient must never be known by outside: names, addresses, numbers, dates, notes and codes, generated."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

_FIRST = st.sampled_from(["Maria", "Jean-Luc", "Nguyễn", "José", "Aoife", "李", "Zoë", "O'Neil", "Anne Marie"])
_LAST = st.sampled_from(["García", "Smith", "von Trapp", "Okafor", "Ångström", "De la Cruz", "Lee", "Müller"])
NAMES = st.builds(lambda first, last: f"{first} {last}", _FIRST, _LAST) | st.builds(
    lambda first, last: f"{last.upper()}^{first.upper()}", _FIRST, _LAST
)
EMAILS = st.emails()
_PHONE_FORMS = ["+1{}{}{}", "({}) {}-{}", "{}-{}-{}", "{} {} {}", "{}{}{}"]
PHONES = st.builds(
    lambda area, exchange, line, form: form.format(area, exchange, line),
    st.integers(200, 999),
    st.integers(200, 999),
    st.integers(1000, 9999),
    st.sampled_from(_PHONE_FORMS),
)
BIRTH_DATES = st.builds(
    lambda day, form: day.strftime(form),
    st.dates(date(1920, 1, 1), date(2020, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%B %d, %Y", "0%Y%m%d"]),
)
RECORD_NUMBERS = st.from_regex(r"(MRN|mrn|H|pt)[-:# ]?[0-9]{5,9}", fullmatch=True)
NOTES = st.builds(
    lambda name, words: f"{name} {words}",
    NAMES,
    st.sampled_from(["reports panic attacks", "stopped sertraline", "was late, no-show fee?", "SOAP: anxious"]),
)
CODES = st.sampled_from(["F41.1", "F33.2", "Z63.0", "G47.00", "90837", "99214-95", "H0004", "T1015", "LOINC 44249-1"])
ANYTHING = st.one_of(NAMES, EMAILS, PHONES, BIRTH_DATES, RECORD_NUMBERS, NOTES, CODES)
