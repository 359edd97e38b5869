"""Every kept table as CSV in one zip, each byte for byte what `trueup export NAME --period --version` writes."""

import hashlib
import shutil
import tempfile
import zipfile
from typing import TYPE_CHECKING

from orchestration import exports
from orchestration.pack.kept import Closing

if TYPE_CHECKING:
    import psycopg

_DATE = (1980, 1, 1, 0, 0, 0)  # the first day a zip knows: equal rows give equal archives
_UNIX = 3
_MODE = 0o100644 << 16


def write(connection: "psycopg.Connection", closing: Closing) -> bytes:
    """Return the zip: a file a table, and SHA256SUMS, which `sha256sum -c` checks."""
    sums = []
    with tempfile.TemporaryFile(prefix="trueup-") as draft:
        with zipfile.ZipFile(draft, "w", compresslevel=6) as archive:
            for name, table in sorted(closing.tables.items()):
                with tempfile.TemporaryFile(prefix="trueup-") as rows:
                    exports.as_csv(connection, table, rows)
                    rows.seek(0)
                    sums.append(f"{hashlib.file_digest(rows, 'sha256').hexdigest()}  {name}.csv\n")
                    rows.seek(0)
                    with archive.open(_entry(f"{name}.csv"), "w", force_zip64=True) as sink:
                        shutil.copyfileobj(rows, sink)
            archive.writestr(_entry("SHA256SUMS"), "".join(sums))
        draft.seek(0)
        return draft.read()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = _UNIX, _MODE
    return entry
