"""Administrative procedures."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("procedures", "Giám sát thủ tục hành chính", "Administrative procedures")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
