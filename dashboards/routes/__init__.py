"""The pages' addresses, one module a room."""

from dashboards.routes import closing, compare, data, exports, leaks, month, pos, practice, registers, remits, visits

ROUTERS = (
    *(month.router, leaks.router, visits.router, registers.router, remits.router, pos.router),
    *(closing.router, compare.router, exports.router, practice.router, data.router),
)
