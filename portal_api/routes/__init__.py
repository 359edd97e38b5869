"""Routes, a module a subject; each has a `router`, and all of them are listed here."""

from portal_api.routes.pages import account, home, sign_in, theme

ROUTERS = (theme.router, home.router, sign_in.router, account.router)
