"""Public security and order."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("security", "An ninh trật tự", "Public security and order")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
