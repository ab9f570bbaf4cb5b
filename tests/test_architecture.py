"""The house stands as DESIGN.md 2 draws it: imports go down, no circle, nothing heavy at the door.

The rules read a package's syntax trees; the second half shows on tiny packages that each rule
catches what it is there for.
"""

import ast
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ioc_analytics"

# Floors of DESIGN.md 2; the questions of floor 4 stand above each other in the order of its list.
FLOORS: Mapping[str, float] = {
    "errors": 0,
    "calendar": 0,
    "text": 0,
    "contracts": 0.1,
    "places": 0.1,
    "office": 0.1,
    "core": 1,
    "sectors": 2,
    "lake": 3,
    "twin": 3,
    "correlation": 4.0,
    "tracing": 4.1,
    "epidemic": 4.2,
    "forecasting": 4.3,
    "marts": 5,
    "views": 6,
    "demo": 7,
    "cli": 7.1,
    "docs": 7.2,
    "": 7,  # ioc_analytics/__init__.py
}
QUESTIONS = frozenset(part for part, floor in FLOORS.items() if 4 <= floor < 5)
MATHEMATICS = frozenset({"numpy", "scipy", "numba"})
PLOTTING = frozenset({"altair", "bqplot", "matplotlib", "plotly", "vl_convert"})
WIDGETS = PLOTTING | {"anywidget", "ipyleaflet", "ipywidgets", "voila"}
SLOW = frozenset(
    {
        "esda",
        "geopandas",
        "numba",
        "openpyxl",
        "pandera",
        "prophet",
        "pyogrio",
        "pyproj",
        "statsforecast",
        "statsmodels",
    }
)
MOST_NAMES = 8
LONGEST_FUNCTION = 80  # lines without the docstring, STYLE.md 2


# -- a package as data ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Import:
    """A line that asks for a module; `by_name` marks a string that names one, loaded later."""

    target: str
    line: int
    at_top: bool
    names: tuple[str, ...] = ()
    by_name: bool = False


@dataclass(frozen=True)
class _Module:
    name: str
    file: str
    tree: ast.Module
    imports: tuple[_Import, ...]

    @property
    def part(self) -> str:
        """The word by which FLOORS knows this module."""
        return self.name.removeprefix(PACKAGE).lstrip(".").split(".")[0]

    @cached_property
    def exported(self) -> list[str] | None:
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return list(ast.literal_eval(node.value))
        return None

    @cached_property
    def definitions(self) -> dict[str, ast.FunctionDef | ast.ClassDef]:
        return {n.name: n for n in self.tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}

    def at(self, line: int) -> str:
        return f"{self.file}:{line}"


def _read(root: Path) -> dict[str, _Module]:
    """Parse every module of the package under `root`, by dotted name."""
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for file in sorted((root / PACKAGE).rglob("*.py"))
    }
    return {name: _parse(name, file, root, set(files)) for name, file in files.items()}


def _parse(name: str, file: Path, root: Path, known: set[str]) -> _Module:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    later = {id(n) for f in ast.walk(tree) if _is_function(f) for n in ast.walk(f)}
    later |= {id(n) for f in ast.walk(tree) if _is_for_types(f) for n in ast.walk(f)}
    found = [
        imported
        for node in ast.walk(tree)
        for imported in _imports(node, known, id(node) not in later)
        if imported.target != name
    ]
    return _Module(name, str(file.relative_to(root)), tree, tuple(found))


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _imports(node: ast.AST, known: set[str], at_top: bool) -> Iterator[_Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield _Import(alias.name, node.lineno, at_top)
    elif isinstance(node, ast.ImportFrom):
        source = "." * node.level + (node.module or "")
        for alias in node.names:
            whole = f"{source}.{alias.name}"
            if whole in known:
                yield _Import(whole, node.lineno, at_top)
            else:
                yield _Import(source, node.lineno, at_top, (alias.name,))
    elif isinstance(node, ast.Constant) and node.value in known and node.value != PACKAGE:
        yield _Import(str(node.value), node.lineno, False, by_name=True)


def _ours(modules: Mapping[str, _Module]) -> Iterator[tuple[_Module, _Import, _Module]]:
    """Yield every import of a module of the package by another one."""
    for module in modules.values():
        for imported in module.imports:
            if target := modules.get(imported.target):
                yield module, imported, target


# -- the rules: each returns what breaks it -------------------------------------------------------


def modules_without_floor(modules: Mapping[str, _Module]) -> list[str]:
    return [
        f"{m.file}: {m.name} stands on no floor; add it to FLOORS and DESIGN.md 2"
        for m in modules.values()
        if m.part not in FLOORS
    ]


def arrows_up(modules: Mapping[str, _Module]) -> list[str]:
    return [
        f"{m.at(i.line)}: {m.name} (floor {FLOORS[m.part]:g}) imports {t.name} "
        f"(floor {FLOORS[t.part]:g}) above it"
        for m, i, t in _ours(modules)
        if FLOORS.get(t.part, 0) > FLOORS.get(m.part, 99)
    ]


def circles(modules: Mapping[str, _Module]) -> list[str]:
    """Imports that lead back to where they start, at the top of a file or inside a function."""
    lines = {(m.name, t.name): m.at(i.line) for m, i, t in _ours(modules) if not i.by_name}
    below: dict[str, list[str]] = {name: [] for name in modules}
    for start, end in lines:
        below[start].append(end)
    found, done = {}, set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            loop = path[path.index(name) :]
            steps = itertools.pairwise([*loop, name])
            told = "; ".join(f"{lines[a, b]}: {a} imports {b}" for a, b in steps)
            found.setdefault(frozenset(loop), f"circle: {told}")
        elif name not in done:
            for target in below[name]:
                walk(target, [*path, name])
            done.add(name)

    for name in modules:
        walk(name, [])
    return list(found.values())


def forbidden_libraries(modules: Mapping[str, _Module]) -> list[str]:
    """Frames in the mathematics, widgets and plotting below the views."""
    broken = []
    for m in modules.values():
        for i in m.imports:
            library = i.target.split(".")[0]
            if library in WIDGETS and FLOORS.get(m.part, 0) < FLOORS["views"]:
                broken.append(f"{m.at(i.line)}: {m.name} imports {i.target}, kept for the views")
            if m.part == "core" and library not in MATHEMATICS | {PACKAGE, *_STANDARD}:
                broken.append(f"{m.at(i.line)}: {m.name} imports {i.target}; core is mathematics")
    return broken


_STANDARD = sys.stdlib_module_names | {"__future__"}


def forbidden_modules(modules: Mapping[str, _Module]) -> list[str]:
    """A view that could fit a model; code of the city that could see the simulated one."""
    return [
        f"{m.at(i.line)}: {m.name} must not import {t.name}"
        for m, i, t in _ours(modules)
        if (m.part == "views" and t.part in QUESTIONS)
        or (t.part == "twin" and m.part not in ("twin", "demo", "cli", ""))
    ]


def relative_imports(modules: Mapping[str, _Module]) -> list[str]:
    return [
        f"{m.at(i.line)}: {m.name} imports “{i.target}” relatively; write {PACKAGE}.…"
        for m in modules.values()
        for i in m.imports
        if i.target.startswith(".")
    ]


def slow_at_the_door(modules: Mapping[str, _Module]) -> list[str]:
    """Slow libraries at the top of a file, except of a forecasting model that is loaded by name."""
    by_name = {t.name for m, i, t in _ours(modules) if i.by_name and m.part == "forecasting"}
    broken = []
    for m in modules.values():
        for i in (i for i in m.imports if i.at_top):
            if i.target.split(".")[0] in SLOW and m.name not in by_name:
                broken.append(
                    f"{m.at(i.line)}: {m.name} imports {i.target} at the top; it is slow, "
                    "import it in the function that needs it"
                )
            if i.target in by_name and m.name not in by_name:
                broken.append(
                    f"{m.at(i.line)}: {m.name} imports {i.target}, which is loaded by name, at "
                    "the top"
                )
    return broken


def unclear_exports(modules: Mapping[str, _Module]) -> list[str]:
    """Files that do not say what they offer, offer too much, or offer what is not there."""
    broken = []
    for m in modules.values():
        if len(m.tree.body) <= 1 and m.file.endswith("__init__.py"):
            continue  # holds a docstring only
        if m.exported is None:
            broken.append(f"{m.at(1)}: {m.name} has no __all__")
            continue
        if not m.exported or (m.name != PACKAGE and len(m.exported) > MOST_NAMES):
            count = len(m.exported)
            broken.append(f"{m.at(1)}: {m.name} exports {count} names, not 1 to {MOST_NAMES}")
        bound = _bound(m.tree)
        broken += [
            f"{m.at(1)}: {m.name} exports {n}, not there" for n in m.exported if n not in bound
        ]
        broken += [
            f"{m.at(d.lineno)}: {m.name} defines {n}; export it or call it _{n}"
            for n, d in m.definitions.items()
            if not n.startswith("_") and n not in m.exported and not _is_command(d)
        ]
    return broken


def _is_command(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Tell whether a function is offered through a typer application."""
    return any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that the top level of a module binds."""
    names: set[str] = set()
    nodes: list[ast.AST] = [*tree.body]
    while nodes:
        node = nodes.pop()
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            nodes += ast.iter_child_nodes(node)
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add((other or name).split(".")[0])
    return names


def names_not_offered(modules: Mapping[str, _Module]) -> list[str]:
    """Imports of a name that its module does not list in `__all__`."""
    return [
        f"{m.at(i.line)}: {m.name} imports {name} from {t.name}, which does not offer it"
        for m, i, t in _ours(modules)
        for name in i.names
        if name not in (t.exported or ())
    ]


def undocumented(modules: Mapping[str, _Module]) -> list[str]:
    """Modules, and public functions, classes and methods, without a docstring."""
    broken = [f"{m.at(1)}: {m.name} has no docstring" for m in modules.values() if _silent(m.tree)]
    for m in modules.values():
        for name in m.exported or ():
            if node := m.definitions.get(name):
                broken += [
                    f"{m.at(n.lineno)}: {m.name}.{n.name} has no docstring"
                    for n in (node, *_methods(node))
                    if _silent(n)
                ]
    return broken


def _silent(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> bool:
    return not (ast.get_docstring(node) or "").strip()


def _methods(node: ast.AST) -> Iterator[ast.FunctionDef]:
    if isinstance(node, ast.ClassDef):
        for n in node.body:
            if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"):
                yield n


def long_functions(modules: Mapping[str, _Module]) -> list[str]:
    return [
        f"{m.at(node.lineno)}: {m.name}.{node.name} has {length} lines of code, over "
        f"{LONGEST_FUNCTION}"
        for m in modules.values()
        for node in ast.walk(m.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := _code_lines(node)) > LONGEST_FUNCTION
    ]


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    length = (node.end_lineno or 0) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        text = node.body[0]
        length -= (text.end_lineno or 0) - text.lineno + 1
    return length


RULES: tuple[Callable[[Mapping[str, _Module]], list[str]], ...] = (
    modules_without_floor,
    arrows_up,
    circles,
    forbidden_libraries,
    forbidden_modules,
    relative_imports,
    slow_at_the_door,
    unclear_exports,
    names_not_offered,
    undocumented,
    long_functions,
)


# -- this house -----------------------------------------------------------------------------------


@cache
def _house() -> dict[str, _Module]:
    return _read(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    broken = rule(_house())
    assert not broken, "\n" + "\n".join(broken)


def _loaded_by(module: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after an import."""
    code = f"import {module}, sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def _doors() -> list[str]:
    """Modules through which people come in, as far as they are there."""
    wanted = ("", ".views.models", ".views.pages", ".cli", ".marts")
    return [f"{PACKAGE}{name}" for name in wanted if f"{PACKAGE}{name}" in _house()]


@pytest.mark.parametrize("module", _doors())
def test_importing_loads_nothing_slow_and_no_widget(module):
    loaded = _loaded_by(module)
    assert not loaded & SLOW
    assert not loaded & (PLOTTING if module.endswith(".pages") else WIDGETS)


# -- tiny houses: each rule catches what it is there for ------------------------------------------

_SOUND = {
    "__init__.py": (
        '"""House."""\n\nfrom ioc_analytics import contracts\n\n__all__ = ["contracts"]\n'
    ),
    "contracts.py": '"""Words."""\n\n__all__ = ["Table"]\n\n\nclass Table:\n    """A table."""\n',
    "core/__init__.py": '"""Mathematics."""\n',
    "core/scores.py": (
        '"""Scores."""\n\nimport numpy as np\n\nfrom ioc_analytics.contracts import Table\n\n'
        '__all__ = ["BEST", "of"]\n\nBEST = np.zeros(1)\n\n\ndef of(table: Table) -> None:\n'
        '    """Do nothing."""\n'
    ),
    "forecasting/__init__.py": '"""Forecasts."""\n',
    "forecasting/models.py": (
        '"""Models by name."""\n\nfrom ioc_analytics.core import scores\n\n'
        '__all__ = ["REGISTRY"]\n\n'
        'REGISTRY = {"ets": "ioc_analytics.forecasting.ets", "scores": scores}\n'
    ),
    "forecasting/ets.py": (
        '"""ETS."""\n\nimport statsforecast\n\n__all__ = ["fit"]\n\n\ndef fit() -> None:\n'
        '    """Fit."""\n    statsforecast.fit()\n'
    ),
}


def _tiny(folder: Path, **added: str) -> dict[str, _Module]:
    """Build a sound house with files laid in (`core__x` is core/x.py) and read it."""
    files = _SOUND | {f"{name.replace('__', '/')}.py": text for name, text in added.items()}
    for name, text in files.items():
        file = folder / PACKAGE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return _read(folder)


def _file(body: str, names: str = '"A"') -> str:
    return f'"""A file."""\n\n{body}\n\n__all__ = [{names}]\n\nA = 1\n'


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_house_passes(rule, tmp_path):
    assert rule(_tiny(tmp_path)) == []


_LATER = "def _later() -> None:\n    "

_CAUGHT = [
    (modules_without_floor, {"extras": _file("")}, "extras.py: ioc_analytics.extras stands on no"),
    (
        arrows_up,
        {"core__up": _file("from ioc_analytics.forecasting import models")},
        "core/up.py:3: ioc_analytics.core.up (floor 1) imports ioc_analytics.forecasting.models "
        "(floor 4.3)",
    ),
    (
        arrows_up,
        {"core__up": _file(_LATER + "from ioc_analytics.forecasting.models import REGISTRY")},
        "core/up.py:4: ioc_analytics.core.up (floor 1) imports ioc_analytics.forecasting.models",
    ),
    (
        arrows_up,
        {"core__up": _file('B = "ioc_analytics.forecasting.ets"')},
        "core/up.py:3: ioc_analytics.core.up (floor 1) imports ioc_analytics.forecasting.ets",
    ),
    (
        arrows_up,
        {"core__up": _file("from ioc_analytics import contracts, nothing")},
        "ioc_analytics.core.up (floor 1) imports ioc_analytics (floor 7)",
    ),
    (
        arrows_up,
        {"tracing": _file("import ioc_analytics.forecasting.models")},
        "tracing.py:3: ioc_analytics.tracing (floor 4.1) imports ioc_analytics.forecasting.models",
    ),
    (
        circles,
        {
            "core__a": _file("from ioc_analytics.core import b"),
            "core__b": _file(_LATER + "import ioc_analytics.core.a"),
        },
        "core/a.py:3: ioc_analytics.core.a imports ioc_analytics.core.b; "
        "ioc_analytics/core/b.py:4: ioc_analytics.core.b imports ioc_analytics.core.a",
    ),
    (
        forbidden_libraries,
        {"core__x": _file("import pandas as pd")},
        "x.py:3: ioc_analytics.core.x",
    ),
    (
        forbidden_libraries,
        {"marts": _file(_LATER + "import plotly.express as px")},
        "marts.py:4: ioc_analytics.marts imports plotly.express, kept for the views",
    ),
    (
        forbidden_modules,
        {"views": _file(_LATER + "from ioc_analytics.forecasting import models")},
        "views.py:4: ioc_analytics.views must not import ioc_analytics.forecasting.models",
    ),
    (
        forbidden_modules,
        {"twin": _file(""), "views": _file("from ioc_analytics import twin")},
        "views.py:3: ioc_analytics.views must not import ioc_analytics.twin",
    ),
    (relative_imports, {"core__x": _file("from . import scores")}, "core/x.py:3: ioc_analytics.co"),
    (relative_imports, {"core__x": _file("from ..contracts import Table")}, "“..contracts”"),
    (
        slow_at_the_door,
        {"lake": _file("import pandera.pandas")},
        "lake.py:3: ioc_analytics.lake im",
    ),
    (
        slow_at_the_door,
        {"marts": _file("from ioc_analytics.forecasting.ets import fit")},
        "by name",
    ),
    (unclear_exports, {"lake": '"""A file."""\n\nA = 1\n'}, "lake.py:1: ioc_analytics.lake has no"),
    (unclear_exports, {"lake": _file("", "")}, "ioc_analytics.lake exports 0 names"),
    (unclear_exports, {"lake": _file("", '"A", ' * 9)}, "ioc_analytics.lake exports 9 names"),
    (unclear_exports, {"lake": _file("", '"A", "B"')}, "ioc_analytics.lake exports B, not there"),
    (unclear_exports, {"lake": _file("def helper():\n    pass")}, "defines helper; export it or"),
    (unclear_exports, {"lake": _file("def _x():\n    B = 1", '"A", "B"')}, "exports B, not there"),
    (
        names_not_offered,
        {"lake": _file("from ioc_analytics.core.scores import np")},
        "lake.py:3: ioc_analytics.lake imports np from ioc_analytics.core.scores, which does not",
    ),
    (undocumented, {"lake": '__all__ = ["A"]\n\nA = 1\n'}, "lake.py:1: ioc_analytics.lake has no"),
    (undocumented, {"lake": _file("def A():\n    pass")}, "lake.py:3: ioc_analytics.lake.A has no"),
    (
        undocumented,
        {"lake": _file('class A:\n    """A class."""\n\n    def open(self):\n        pass')},
        "lake.py:6: ioc_analytics.lake.open has no docstring",
    ),
    (
        long_functions,
        {"lake": _file('def A():\n    """Say."""\n' + "    pass\n" * LONGEST_FUNCTION)},
        "lake.py:3: ioc_analytics.lake.A has 81 lines of code, over 80",
    ),
]


@pytest.mark.parametrize(("rule", "added", "told"), _CAUGHT)
def test_a_rule_catches(rule, added, told, tmp_path):
    broken = rule(_tiny(tmp_path, **added))
    assert any(told in line for line in broken), broken


@pytest.mark.parametrize(
    ("rule", "added"),
    [
        (
            forbidden_modules,
            {"twin": _file(""), "cli": _file(_LATER + "import ioc_analytics.twin")},
        ),
        (slow_at_the_door, {"lake": _file(_LATER + "import pandera.pandas")}),
        (forbidden_libraries, {"views__charts": _file("import anywidget, pandas")}),
        (
            arrows_up,
            {"forecasting__x": _file("import ioc_analytics.tracing"), "tracing": _file("")},
        ),
        (long_functions, {"lake": _file("def A():\n" + "    pass\n" * (LONGEST_FUNCTION - 1))}),
        (unclear_exports, {"cli": _file("@app.command()\ndef serve():\n    pass")}),
        (circles, {"core__a": _file("import ioc_analytics.core.b"), "core__b": _file("")}),
    ],
)
def test_a_rule_allows(rule, added, tmp_path):
    assert rule(_tiny(tmp_path, **added)) == []
