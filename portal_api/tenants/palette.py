"""A practice's colours, and the pairs of them that people must be able to tell apart (WCAG 2.2 AA)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import NamedTuple

HEX = re.compile(r"#[0-9a-f]{6}\Z")
LINEAR_BELOW = 0.04045  # IEC 61966-2-1, sRGB
TEXT, SHAPE = 450, 300  # WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 and 3 to 1, in hundredths


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb. `brand` is the ground of header and buttons, `on_brand` what is written on it."""

    brand: str = "#1d3557"
    on_brand: str = "#ffffff"
    link: str = "#1a4f9c"
    ink: str = "#17202e"
    quiet: str = "#4d5766"
    paper: str = "#ffffff"
    ground: str = "#f6f7f9"
    edge: str = "#767f8c"
    focus: str = "#b45309"

    def css(self) -> str:
        """Return the colours as CSS variables."""
        return (
            ":root {"
            + " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in asdict(self).items())
            + "}\n"
        )


class Pair(NamedTuple):
    """Two colours that meet, and the contrast they need, in hundredths."""

    front: str
    back: str
    least: int


PAIRS = (
    Pair("on_brand", "brand", TEXT),
    *(Pair(front, back, TEXT) for front in ("ink", "quiet", "link") for back in ("paper", "ground")),
    *(Pair(front, back, SHAPE) for front in ("edge", "focus", "brand") for back in ("paper", "ground")),
)


def contrast(one: str, other: str) -> int:
    """Return the contrast of two colours in hundredths, rounded down: 100 to 2100 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return int((light + 0.05) / (dark + 0.05) * 100)


def objections(palette: Palette) -> list[str]:
    """Return a sentence for each colour that is none, else for each pair that cannot be told apart well enough."""
    colours = asdict(palette)
    malformed = [
        f"{_name(name)} must be written like #1d3557." for name, value in colours.items() if not HEX.match(value)
    ]
    return malformed or [
        f"{_name(pair.front)} on {_name(pair.back).lower()} has a contrast of {_ratio(found)};"
        f" it needs {_ratio(pair.least)}."
        for pair in PAIRS
        if (found := contrast(colours[pair.front], colours[pair.back])) < pair.least
    ]


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= LINEAR_BELOW else ((channel + 0.055) / 1.055) ** 2.4


def _name(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _ratio(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02} to 1"
