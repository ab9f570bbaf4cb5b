"""Print the comparison of chart stacks: `python -m benchmarks.charts [A B ...] [--rounds 5]`.

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
from contextlib import ExitStack
from importlib.metadata import PackageMetadata, files, metadata, packages_distributions
from pathlib import Path

NEEDED = ("voila", "ipykernel", "ipywidgets", "anywidget", "pandas", "shapely", "psutil")
OPTIONAL = ("altair", "vl_convert", "bqplot", "plotly", "matplotlib", "playwright")


def missing(modules: tuple[str, ...]) -> list[str]:
    """Those modules that are not installed."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def in_kernel(key: str) -> dict[str, float]:
    """Measure one candidate in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.charts.kernel", key]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(run.stdout)


def in_browser(keys: list[str], rounds: int, *, preheat: bool, pictures: Path | None) -> dict:
    """Visit the candidates' pages in turn, so that a busy machine is busy for all."""
    from playwright.sync_api import sync_playwright

    from benchmarks.charts.browser import visit, voila

    visits = {key: [] for key in keys}
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        urls = {}
        for key in keys:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            urls[key] = stack.enter_context(voila(key, folder, preheat=preheat))
        for _ in range(rounds):
            for key, url in urls.items():
                time.sleep(6 if preheat else 1)  # a pool fills again
                seen = visit(playwright, url, pictures and pictures / f"{key}.png")
                print("pre-heated" if preheat else "cold", key, seen, file=sys.stderr)
                visits[key].append(seen)
    return visits


def package_facts(modules: tuple[str, ...]) -> str:
    """Licence and installed megabytes of the packages that hold these modules."""
    facts = []
    for module in modules:
        name = packages_distributions()[module][0]
        size = sum(f.locate().stat().st_size for f in files(name) if f.locate().is_file())
        about = metadata(name)
        licence = about["License-Expression"] or _classified(about) or "licence in its files"
        facts.append(f"{name} {about['Version']}, {licence}, {size / 1e6:.0f} MB")
    return "; ".join(facts) or "–"


def _classified(about: PackageMetadata) -> str:
    """Licences among a package's classifiers."""
    kinds = about.get_all("Classifier") or []
    return ", ".join(kind.split(" :: ")[-1] for kind in kinds if kind.startswith("License"))


def medians(rows: list[dict]) -> dict[str, float]:
    """Median of each measured number."""
    names = [name for name, value in rows[0].items() if isinstance(value, float)]
    return {name: statistics.median(row[name] for row in rows) for name in names}


def table_row(key: str, kernels: list[dict], colds: list[dict], warms: list[dict]) -> list[str]:
    """Write a candidate's medians as cells of the table."""
    from benchmarks.charts.candidates import CANDIDATES

    candidate = CANDIDATES[key]
    kernel, cold, warm = medians(kernels), medians(colds), medians(warms)
    hosts = {host for row in colds + warms for host in row["hosts"]}
    return [
        f"{key} {candidate.name}",
        f"{kernel['build']:.2f} s",
        f"{1000 * kernel['redraw']:.0f} ms",
        f"{kernel['rss']:.0f} MB (+{kernel['rss_added']:.0f})",
        f"{cold['mb']:.2f} MB",
        f"{cold['painted']:.1f} / {cold['interactive']:.1f} s",
        f"{warm['painted']:.1f} / {warm['interactive']:.1f} s",
        f"{kernel['static']:.2f} s, {kernel['svg_kb']:.0f} kB" if candidate.static else "no",
        candidate.pattern,
        ", ".join(sorted(hosts)) or "none",
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="folder for screenshots")
    options = parser.parse_args()
    keys = options.keys or list(CANDIDATES)
    rounds, pictures = options.rounds, options.pictures
    kernels = {key: [in_kernel(key) for _ in range(rounds)] for key in keys}
    colds = in_browser(keys, rounds, preheat=False, pictures=pictures)
    warms = in_browser(keys, rounds, preheat=True, pictures=pictures)
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for key in keys:
        print("| " + " | ".join(table_row(key, kernels[key], colds[key], warms[key])) + " |")


if __name__ == "__main__":
    main()
