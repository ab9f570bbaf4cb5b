"""Social-media monitoring."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("social_media", "Giám sát mạng xã hội", "Social-media monitoring")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
