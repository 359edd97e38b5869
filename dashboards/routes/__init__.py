"""The pages' addresses, one module a room."""

from dashboards.routes import compare, exports, leaks, month, registers, visits

ROUTERS = (month.router, leaks.router, visits.router, registers.router, compare.router, exports.router)
