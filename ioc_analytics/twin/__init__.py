"""A simulated Thủ Đức in the real file formats; only the command line and tests import it."""

from ioc_analytics.twin.sample import SampleFile, write_sample

__all__ = ["SampleFile", "write_sample"]
