"""A practice's logo: a small PNG, taken apart and put together again with nothing but its picture."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_BYTES = 65_536
WIDEST, TALLEST = 1_024, 512
# ISO/IEC 15948: what a picture is made of. Texts, times and whatever else a file carries along stay out.
_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND"}


class NoLogo(ValueError):  # noqa: N818 - named for what was given
    """What was given is no logo; the text is a sentence that says why."""


def cleaned(given: bytes) -> bytes:
    """Return the picture alone; raises NoLogo for what is no PNG, too large, damaged or not a picture."""
    if len(given) > LARGEST_BYTES:
        raise NoLogo(f"The picture has {len(given):,} bytes; {LARGEST_BYTES:,} are the most.")
    if not given.startswith(SIGNATURE):
        raise NoLogo("The picture must be a PNG file.")
    chunks = [(kind, data) for kind, data in _chunks(given[len(SIGNATURE) :]) if kind in _KEPT]
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or b"IDAT" not in kinds or kinds.count(b"IHDR") != 1:
        raise NoLogo("The picture is damaged: save it anew as PNG.")
    _check_picture(chunks[0][1], b"".join(data for kind, data in chunks if kind == b"IDAT"))
    return SIGNATURE + b"".join(map(_written, chunks))


def keep(db: sa.Connection, practice_id: str, picture: bytes | None, alt: str = "") -> None:
    """Show this picture at the head of every page, or none."""
    db.execute(
        sa.text(
            "update portal.practice set logo = :logo, logo_alt = :alt, version = version + 1, changed_at = now()"
            " where practice_id = :practice_id"
        ),
        {"logo": picture, "alt": alt, "practice_id": practice_id},
    )


def get(db: sa.Connection, practice_id: str) -> bytes | None:
    """Return the picture."""
    query = sa.text("select logo from portal.practice where practice_id = :practice_id")
    found = db.scalar(query, {"practice_id": practice_id})
    return None if found is None else bytes(found)


def _chunks(rest: bytes) -> Iterator[tuple[bytes, bytes]]:
    while len(rest) >= 12:  # noqa: PLR2004 - length, kind and checksum
        (length,) = struct.unpack(">I", rest[:4])
        kind, data, checksum = rest[4:8], rest[8 : 8 + length], rest[8 + length : 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(kind + data)):
            raise NoLogo("The picture is damaged: save it anew as PNG.")
        yield kind, data
        if kind == b"IEND":
            return  # whatever is hidden behind the end stays out
        rest = rest[12 + length :]


def _check_picture(header: bytes, pixels: bytes) -> None:
    if len(header) != 13:  # noqa: PLR2004 - ISO/IEC 15948, 11.2.2
        raise NoLogo("The picture is damaged: save it anew as PNG.")
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    if not (0 < width <= WIDEST and 0 < height <= TALLEST):
        raise NoLogo(f"The picture is {width} by {height} pixels; {WIDEST} by {TALLEST} are the most.")
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 0)
    # Each line has a byte before it; an interlaced picture has a few more lines than it is tall.
    most = 2 * (width * channels * depth // 8 + 2) * (height + 16)
    try:
        unpacked = zlib.decompressobj()
        size = len(unpacked.decompress(pixels, most + 1))
    except zlib.error:
        size = 0
    if not 0 < size <= most:
        raise NoLogo("The picture is damaged: save it anew as PNG.")


def _written(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
