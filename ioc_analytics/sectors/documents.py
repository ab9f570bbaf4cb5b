"""Electronic documents."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("documents", "Văn bản điện tử", "Electronic documents")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
