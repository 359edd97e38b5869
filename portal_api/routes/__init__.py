"""Routes, a module a subject: whatever module of `pages` or `api` has a `router` is served."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

from portal_api.routes import api, pages


def routers() -> list[APIRouter]:
    """Return the router of every subject."""
    modules = [
        import_module(f"{package.__name__}.{each.name}")
        for package in (pages, api)
        for each in iter_modules(package.__path__)
    ]
    return [module.router for module in modules if hasattr(module, "router")]
