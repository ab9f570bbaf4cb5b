"""A simulated Thủ Đức in the real file formats; only the command line and tests import it."""

from ioc_analytics.twin.sample import SAMPLE_TABLES, SampleFile, write_sample

__all__ = ["SAMPLE_TABLES", "SampleFile", "write_sample"]
