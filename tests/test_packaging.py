"""What is published: three lists of packages in step, no trace of a machine, clean notebooks."""

import json
import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"python-duckdb": "duckdb", "playwright-python": "playwright"}
NOTEBOOKS = sorted(
    file for folder in ("dashboards", "notebooks") for file in (ROOT / folder).rglob("*.ipynb")
)


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _declared() -> dict[str, SpecifierSet]:
    """Return the top-level packages of pyproject.toml, those of development included."""
    lines = [*_project()["dependencies"], *_project()["optional-dependencies"]["dev"]]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def _conda() -> dict[str, SpecifierSet]:
    """Return the packages of environment.yml under their names on the Python side."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    [from_pip] = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    lines = [*(entry for entry in listed if isinstance(entry, str)), *from_pip]
    found = {CONDA_NAMES.get(r.name, canonicalize_name(r.name)): r for r in map(Requirement, lines)}
    assert len(found) == len(lines), "environment.yml names a package twice"
    return {name: r.specifier for name, r in found.items()}


@cache
def _lock() -> tuple[str, ...]:
    """Return the entries of requirements.lock, each on one line."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return tuple(text.replace("\\\n", " ").splitlines())


# -- three lists ----------------------------------------------------------------------------------


def test_conda_names_the_packages_of_the_project_at_the_same_versions():
    conda = _conda()
    assert conda.pop("python") == SpecifierSet(_project()["requires-python"])
    conda.pop("pip")
    assert conda == _declared()


def test_lock_holds_every_package_of_the_project_at_a_version_that_it_allows():
    locked = [Requirement(entry.partition("--hash")[0]) for entry in _lock()]
    for name, allowed in _declared().items():
        pins = [r.specifier for r in locked if canonicalize_name(r.name) == name]
        assert pins, f"requirements.lock lacks {name}; run: make lock"
        for pin in pins:
            [version] = [part.version for part in pin]
            assert version in allowed, f"requirements.lock has {name} {version}, not {allowed}"


def test_lock_pins_everything_with_hashes():
    entry = re.compile(
        r"[a-z0-9][a-z0-9.\-]*==[^\s;]+\s*(;[^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+"
    )
    wrong = [line[:80] for line in _lock() if not entry.fullmatch(line.strip())]
    assert not wrong
    assert len(_lock()) > 100


def test_lock_names_no_place():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = re.findall(r".*(?:/|\s@\s|--index|--extra-index|--find-links|^-).*", text, re.MULTILINE)
    assert not found


def test_every_entry_point_is_there():
    from importlib import import_module

    for target in _project()["scripts"].values():
        module, _, name = target.partition(":")
        assert callable(getattr(import_module(module), name))


def test_license_is_there_and_is_the_one_that_is_declared():
    assert _project()["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_hooks_run_on_this_machine_only():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert {repo["repo"] for repo in hooks} == {"local"}
    assert {hook["language"] for repo in hooks for hook in repo["hooks"]} == {"system"}


def test_ci_script_can_be_run_and_stops_at_the_first_failure():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


# -- no trace of a machine ------------------------------------------------------------------------

_NEVER = {
    "a path of one machine": r"(?<![\w.:/$}\-])/(?:root|home|work|tmp|Users|mnt|opt|var/tmp)/",
    "a path of one Windows machine": r"(?i)\b[a-z]:\\(?:users|documents)\b",
    "the host of a registry": (
        r"(?i)\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|anaconda\.(?:org|com)|"
        r"deb\.debian\.org|unpkg\.com|jsdelivr\.net|conda-forge\.org)"
    ),
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(?:gh[pousr]_\w{30}|github_pat_\w{30}|AKIA[A-Z0-9]{16}|sk-[\w-]{30}|xox[bp]-\w)",
    "a password": (
        r"(?i)\b(?:password|passwd|secret|api_?key|token)\b\s*[:=]\s*[\"'][^\"'{}<$\s]{6}"
    ),
    "a password in an address": r"\w+://[^\s/:@{}]+:[^\s/:@{}]+@",
}


def _published() -> list[Path]:
    """Return the files that git has or would take; without git, all but what tools leave."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0:
        files = [ROOT / name for name in asked.stdout.decode().split("\0") if name]
    else:
        files = [f for f in ROOT.rglob("*") if not _left_by_tools(f.relative_to(ROOT))]
    return [f for f in files if f.is_file()]


def _left_by_tools(file: Path) -> bool:
    hidden = any(part.startswith(".") and part != ".ci" for part in file.parent.parts)
    return hidden or "__pycache__" in file.parts or file.is_relative_to("data/lake")


def _findings(text: str) -> list[str]:
    return [f"{what}: {m[0]}" for what, how in _NEVER.items() for m in re.finditer(how, text)]


def test_no_file_names_a_machine_a_registry_or_a_secret():
    found = []
    for file in _published():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {finding}" for finding in _findings(text)]
    assert not found, "\n".join(found)


def test_no_file_is_computed_or_large():
    for file in _published():
        assert not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts), file
        assert file.stat().st_size < 2_000_000, file


@pytest.mark.parametrize(
    "text",
    [
        'open("' + "/" + 'home/an/export.csv")',
        "see " + "/" + "work/main",
        "https://" + "pypi" + ".org/simple",
        "registry." + "npmjs" + ".org",
        "C:" + "\\" + "Users",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "gh" + "p_" + "a1B2" * 9,
        "password" + ' = "' + 'hunter22"',
        "s3://key" + ":" + "value@bucket",
    ],
)
def test_a_trace_is_found(text):
    assert _findings(text)


@pytest.mark.parametrize(
    "text",
    ["data/work/file", "tests/tmp/x", "tmp_path / 'lake'", "s3://bucket/lake", "token = next(x)"],
)
def test_what_is_no_trace_is_let_be(text):
    assert not _findings(text)


# -- notebooks ------------------------------------------------------------------------------------


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _code_cells(file: Path) -> list[dict]:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _code_lines(cell: dict) -> list[str]:
    lines = "".join(cell["source"]).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=_name)
def test_notebook_is_clean(file):
    for cell in _code_cells(file):
        assert cell["outputs"] == [], "clear all outputs"
        assert cell["execution_count"] is None, "clear all outputs"


@pytest.mark.parametrize("file", NOTEBOOKS, ids=_name)
def test_notebook_asks_and_the_package_answers(file):
    lines, cells = (25, 4) if file.is_relative_to(ROOT / "dashboards") else (60, 15)
    code = _code_cells(file)
    assert len(code) <= cells
    written = [line for cell in code for line in _code_lines(cell)]
    assert len(written) <= lines
    defined = [w for w in written if re.match(r"\s*(?:async\s+def|def|class)\s", w)]
    assert not defined, "move it into the package, with a test"
    assert not [w for w in written if "sys.path" in w]


@pytest.mark.parametrize(
    "file", [f for f in NOTEBOOKS if f.is_relative_to(ROOT / "notebooks")], ids=_name
)
def test_notebook_has_one_cell_of_parameters(file):
    tagged = [c for c in _code_cells(file) if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1
