"""Measures one candidate in this fresh process: `python -m benchmarks.charts.kernel A`."""

import json
import statistics
import sys
import time

import anywidget  # noqa: F401  (in every dashboard's kernel anyway, so not counted)
import ipykernel.ipkernel  # noqa: F401
import psutil

from benchmarks.charts.candidates import CANDIDATES
from benchmarks.charts.data import SCENARIOS, make_case


def measure(key: str, redraws: int = 8) -> dict[str, float]:
    """Seconds to import and build, to redraw, to write both SVGs; megabytes added."""
    candidate = CANDIDATES[key]
    cases = [make_case(name) for name in SCENARIOS]
    process = psutil.Process()
    before = process.memory_info().rss
    start = time.perf_counter()
    *_, redraw = candidate.live(cases[0], lambda _: None)
    result = {"build": time.perf_counter() - start}
    times = []
    for i in range(redraws):
        start = time.perf_counter()
        redraw(cases[(i + 1) % 2])
        times.append(time.perf_counter() - start)
    result["redraw"] = statistics.median(times)
    result["rss"] = process.memory_info().rss / 1e6
    result["rss_added"] = (process.memory_info().rss - before) / 1e6
    if candidate.static:
        start = time.perf_counter()
        figures = candidate.static(cases[0])
        result["static"] = time.perf_counter() - start
        result["svg_kb"] = sum(len(svg.encode()) for svg in figures) / 1e3
    return result


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
