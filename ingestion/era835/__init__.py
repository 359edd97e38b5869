"""ERA 835 (005010X221A1) remittances: bytes in, columns and remarks out. Nothing here knows a database but `load`."""

from ingestion.era835.remittances import Remittances, parse

__all__ = ["Remittances", "parse"]
