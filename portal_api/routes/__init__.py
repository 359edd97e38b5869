"""Routes, a module a subject; each has a `router`, and all of them are listed here."""

from portal_api.routes.pages import (
    account,
    book,
    home,
    messages,
    retention,
    sign_in,
    staff_hours,
    staff_visits,
    staff_why,
    theme,
    visits,
)

ROUTERS = (
    theme.router,
    home.router,
    sign_in.router,
    account.router,
    book.router,
    visits.router,
    messages.router,
    retention.router,
    staff_hours.router,
    staff_visits.router,
    staff_why.router,
)
