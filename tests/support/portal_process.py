"""The portal in a process of its own, so that it can be killed: python -m tests.support.portal_process PORT."""

from __future__ import annotations

import sys

import uvicorn

from ledger.settings import Settings
from ledger.store.database import Database
from portal_api.app import create_app


def main() -> None:
    """Serve the portal over the database of the environment, on loopback."""
    settings = Settings.from_environment()
    app = create_app(settings, Database(settings.database_url or ""))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)


if __name__ == "__main__":
    main()
