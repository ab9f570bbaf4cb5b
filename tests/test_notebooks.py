"""Every notebook of the analysts runs from top to bottom on the sample and records its numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ioc_analytics.lake import Lake

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
SMALL = {"CUTOFFS": 2, "HORIZON": 2}  # parameters that only make a run longer


def _with_parameters(path: Path, lake: Lake) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    given = {"LAKE": lake.path, **SMALL}
    known = {t.id for n in ast.parse(cell.source).body for t in getattr(n, "targets", [])}
    cell.source += "".join(f"\n{k} = {v!r}" for k, v in given.items() if k in known)
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs_on_the_sample(path: Path, demo_lake: Lake):
    notebook = _with_parameters(path, demo_lake)
    NotebookClient(notebook, timeout=120).execute(cwd=str(path.parent))
    recorded = notebook.cells[-1]
    assert "RECORDED" in recorded.source
    numbers = ast.literal_eval(recorded.outputs[0]["data"]["text/plain"])
    assert numbers["relative_wis"]["naive"] == 1.0
    assert 0 < numbers["relative_wis"]["ets"] < 2


def test_there_are_notebooks():
    assert NOTEBOOKS
