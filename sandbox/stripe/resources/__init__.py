"""Stripe's resources, a module each: what an operation does to the account."""

import importlib
import pkgutil


def load() -> None:
    """Import every module here, so that its operations are known."""
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")
