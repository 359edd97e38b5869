"""The pages' addresses, one module a room."""

from dashboards.routes import compare, exports, leaks, month, pos, registers, remits, visits

ROUTERS = (
    *(month.router, leaks.router, visits.router, registers.router, remits.router, pos.router),
    *(compare.router, exports.router),
)
