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
from importlib.metadata import PackageMetadata, files, metadata, packages_distributions
from pathlib import Path

NEEDED = ("voila", "ipykernel", "ipywidgets", "anywidget", "pandas", "shapely", "psutil")
OPTIONAL = ("altair", "vl_convert", "bqplot", "plotly", "matplotlib", "playwright")


def missing(modules: tuple[str, ...]) -> list[str]:
    """Those modules that are not installed."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def one_round(key: str, pictures: Path | None) -> dict:
    """Measure one candidate once: in a fresh process, then a cold and a pre-heated page."""
    from playwright.sync_api import sync_playwright

    from benchmarks.charts.browser import visit, voila

    command = [sys.executable, "-m", "benchmarks.charts.kernel", key]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    result = json.loads(run.stdout)
    picture = pictures and pictures / f"{key}.png"
    for way in ("cold", "warm"):
        with (
            tempfile.TemporaryDirectory() as folder,
            voila(key, Path(folder), preheat=way == "warm") as url,
            sync_playwright() as playwright,
        ):
            if way == "warm":
                time.sleep(8)  # the pool fills
            page = visit(playwright, url, picture)
        result |= {f"{way}_{name}": value for name, value in page.items()}
    return result


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


def table_row(key: str, rounds: list[dict]) -> list[str]:
    """Medians of a candidate's rounds as cells of the table."""
    from benchmarks.charts.candidates import CANDIDATES

    candidate = CANDIDATES[key]
    hosts = {host for row in rounds for host in row["cold_hosts"] + row["warm_hosts"]}
    names = [name for name, value in rounds[0].items() if not isinstance(value, list)]
    m = {name: statistics.median(row[name] for row in rounds) for name in names}
    return [
        f"{key} {candidate.name}",
        f"{m['build']:.2f} s",
        f"{1000 * m['redraw']:.0f} ms",
        f"{m['rss']:.0f} MB (+{m['rss_added']:.0f})",
        f"{m['cold_mb']:.2f} MB",
        f"{m['cold_painted']:.1f} / {m['cold_interactive']:.1f} s",
        f"{m['warm_painted']:.1f} / {m['warm_interactive']:.1f} s",
        f"{m['static']:.2f} s, {m['svg_kb']:.0f} kB" if candidate.static else "no",
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
    results = {key: [] for key in keys}
    for _ in range(options.rounds):  # in turn, so that a busy machine is busy for all
        for key in keys:
            results[key].append(one_round(key, options.pictures))
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for key, rounds in results.items():
        print("| " + " | ".join(table_row(key, rounds)) + " |")


if __name__ == "__main__":
    main()
