"""Print the comparison of chart stacks: `python -m benchmarks.charts [A B ...] [--runs 5]`.

Polygons are made up unless `WARDS_GEOJSON` names a file; `CHROMIUM` names a browser.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import files, metadata, packages_distributions
from pathlib import Path

NEEDED = ("voila", "ipykernel", "ipywidgets", "anywidget", "pandas", "shapely", "psutil")
OPTIONAL = ("altair", "vl_convert", "bqplot", "plotly", "matplotlib", "playwright")


def missing(modules: tuple[str, ...]) -> list[str]:
    """Those modules that are not installed."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def in_kernel(key: str, runs: int) -> dict[str, float]:
    """Medians over fresh processes."""
    command = [sys.executable, "-m", "benchmarks.charts.kernel", key]
    rows = [
        json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for _ in range(runs)
    ]
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def in_browser(key: str, runs: int, *, preheat: bool, pictures: Path | None) -> dict:
    """Medians over page loads, and every foreign host that was asked for."""
    from playwright.sync_api import sync_playwright

    from benchmarks.charts.browser import visit, voila

    picture = pictures and pictures / f"{key}.png"
    with (
        tempfile.TemporaryDirectory() as folder,
        voila(key, Path(folder), preheat=preheat) as url,
        sync_playwright() as playwright,
    ):
        rows = []
        for _ in range(runs):
            if preheat:
                time.sleep(8)  # the pool fills again
            rows.append(visit(playwright, url, picture))
    result = {
        name: statistics.median(row[name] for row in rows)
        for name in ("painted", "interactive", "mb")
    }
    return result | {"hosts": sorted({host for row in rows for host in row["hosts"]})}


def package_facts(modules: tuple[str, ...]) -> str:
    """Licence and installed megabytes of the packages that hold these modules."""
    facts = []
    for module in modules:
        name = packages_distributions()[module][0]
        size = sum(f.locate().stat().st_size for f in files(name) if f.locate().is_file())
        about = metadata(name)
        licence = about["License-Expression"] or about["License"] or "see its files"
        facts.append(f"{name} {about['Version']}, {licence.splitlines()[0]}, {size / 1e6:.0f} MB")
    return "; ".join(facts) or "–"


def table_row(key: str, runs: int, pictures: Path | None) -> list[str]:
    """Measure one candidate."""
    from benchmarks.charts.candidates import CANDIDATES

    candidate = CANDIDATES[key]
    kernel = in_kernel(key, runs)
    cold, warm = (
        in_browser(key, runs, preheat=preheat, pictures=pictures) for preheat in (False, True)
    )
    static = f"{kernel['static']:.2f} s, {kernel['svg_kb']:.0f} kB" if candidate.static else "no"
    return [
        f"{key} {candidate.name}",
        f"{kernel['build']:.2f} s",
        f"{1000 * kernel['redraw']:.0f} ms",
        f"{kernel['rss']:.0f} MB (+{kernel['rss_added']:.0f})",
        f"{cold['mb']:.2f} MB",
        f"{cold['painted']:.1f} / {cold['interactive']:.1f} s",
        f"{warm['painted']:.1f} / {warm['interactive']:.1f} s",
        static,
        candidate.pattern,
        ", ".join(cold["hosts"]) or "none",
        package_facts(candidate.packages),
    ]


HEADER = [
    "candidate", "import + build", "redraw in kernel", "kernel memory (added)", "first load",
    "cold: painted / interactive", "pre-heated: painted / interactive",
    "both SVGs without browser", "patterns", "foreign hosts", "packages",
]  # fmt: skip


def main() -> None:
    """Measure the named candidates, all by default, and print a Markdown table."""
    if absent := missing(NEEDED + OPTIONAL):
        sys.exit(f"This comparison needs packages that are missing: {', '.join(absent)}.")
    from benchmarks.charts.candidates import CANDIDATES

    parser = argparse.ArgumentParser(description="Compare chart stacks in Voila.")
    parser.add_argument("keys", nargs="*", choices=[*CANDIDATES, []], metavar="KEY")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="folder for screenshots")
    options = parser.parse_args()
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for key in options.keys or CANDIDATES:
        row = table_row(key, options.runs, options.pictures)
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
