"""Run every benchmark: ``python -m benchmarks`` or ``make bench``."""

from __future__ import annotations

import sys

from benchmarks import forecasting, ingest, panel


def main() -> int:
    """Run the benchmarks one after the other; each prints its own table."""
    print("## Ingest\n")
    ingest.main()
    print("\n## Panel\n")
    panel.main()
    print("\n## Forecasts on real series\n")
    return forecasting.main()


if __name__ == "__main__":
    sys.exit(main())
