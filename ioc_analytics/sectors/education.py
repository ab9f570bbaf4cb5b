"""Education."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("education", "Giáo dục", "Education")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
