"""Run every benchmark that the machine can run: ``python -m benchmarks`` or ``make bench``."""

from __future__ import annotations

import importlib.util
import sys

from benchmarks import forecasting, ingest


def main() -> int:
    """Run the benchmarks one after the other; each prints its own table."""
    print("## Ingest\n")
    ingest.main()
    print("\n## Forecasts on real series\n")
    forecasting.main()
    if importlib.util.find_spec("altair"):
        print("\n## Chart stacks\n")
        from benchmarks.charts.__main__ import main as charts

        charts()
    else:
        print("\nThe chart stacks need packages beside ours: see benchmarks/charts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
