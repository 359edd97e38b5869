"""The pages' addresses, one module a room."""

from dashboards.routes import compare, leaks, month, registers, visits

ROUTERS = (month.router, leaks.router, visits.router, registers.router, compare.router)
