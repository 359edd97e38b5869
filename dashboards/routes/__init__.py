"""The pages' addresses, one module a room."""

from dashboards.routes import compare, data, exports, leaks, month, pos, practice, registers, remits, visits

ROUTERS = (
    *(month.router, leaks.router, visits.router, registers.router, remits.router, pos.router),
    *(compare.router, exports.router, practice.router, data.router),
)
