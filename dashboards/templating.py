"""Turns a template and its values into a page, with a linked stylesheet or as one file that needs nothing else."""

import base64
import hashlib
from functools import cache
from importlib import resources

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboards.here import Frame
from dashboards.leak_choice import NONE
from dashboards.leak_guide import guide
from dashboards.money import dollars, in_dollars, whole_dollars
from dashboards.months import days_of
from dashboards.navigation import links_of
from dashboards.numbers import changed, written

STATIC = resources.files("dashboards").joinpath("static")


def page(here: Frame, template: str, *, standalone: bool = False, **values: object) -> str:
    """Render templates/<template>; `standalone` puts the stylesheet inside and leaves links to other pages out.

    The file then carries its own content security policy: that one stylesheet, by its hash, and nothing else.
    """
    style = _stylesheet("trueup.css") if standalone else ""
    inside = Markup(style)  # noqa: S704 - the stylesheet is a file of ours
    chosen = _environment().get_template(template)
    links = () if standalone else links_of(here.reader)
    known = {"here": here, "links": links, "standalone": standalone, "style": inside, "style_hash": _hash(style)}
    return chosen.render(**known, **values)


def document(template: str, stylesheet: str, **values: object) -> str:
    """Render a file that stands alone: static/<stylesheet> inside, no link to a page, nothing to fetch."""
    style = _stylesheet(stylesheet)
    inside = Markup(style)  # noqa: S704 - the stylesheet is a file of ours
    return _environment().get_template(template).render(style=inside, style_hash=_hash(style), **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(resources.files("dashboards").joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(dollars=dollars, in_dollars=in_dollars, words=_words, sentence=_sentence)
    environment.filters.update(month=_month, thousands=_thousands, shown=_shown)
    environment.filters.update(written=written, changed=changed, axis=whole_dollars, days_of=days_of)
    environment.globals.update(guide=guide)
    return environment


@cache
def _stylesheet(name: str) -> str:
    return STATIC.joinpath(name).read_text(encoding="utf-8")


def _hash(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ").replace("pos ", "POS ").strip()


def _sentence(name: str | None) -> str:
    words = _words(name)
    return words[:1].upper() + words[1:]


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _month(period: str | None) -> str:
    if not period or period == NONE:
        return "No month"
    year, number = period.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def _thousands(number: int) -> str:
    return f"{number:,}"


def _shown(value: object, name: str) -> str:
    """Write one piece of evidence: money by its name's ending, the rest as it is."""
    if name.endswith("_cents") and (value is None or isinstance(value, int)):
        return dollars(value)
    if isinstance(value, list):
        return ", ".join(_shown(item, "") for item in value)
    if isinstance(value, dict):
        return " ".join(_shown(item, part) for part, item in value.items())
    return "\N{EN DASH}" if value is None else str(value)
