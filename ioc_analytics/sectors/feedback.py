"""Citizen feedback."""

from ioc_analytics.contracts import Indicator, System, Table

__all__ = ["INDICATORS", "SYSTEM", "TABLES"]

SYSTEM = System("feedback", "Phản ánh người dân", "Citizen feedback")
TABLES: tuple[Table, ...] = ()
INDICATORS: tuple[Indicator, ...] = ()
