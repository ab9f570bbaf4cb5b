"""Traffic."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("traffic", "Giao thông", "Traffic")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
