"""Rules that keep it a house: short files, explicit doors, entry points that load, cheap imports, a whole wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "vitruvian"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LATE = "from typing import TYPE_CHECKING\nfrom vitruvian.core import late"
DOORS = sorted(PACKAGE.glob("*/__init__.py"))
POINTS = {f"{group}: {name}": at for group, each in PROJECT["entry-points"].items() for name, at in each.items()}


def test_files_are_short() -> None:
    long = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert not {name: lines for name, lines in long.items() if lines > 500}


@pytest.mark.parametrize("door", DOORS, ids=lambda p: p.parent.name)
def test_doors_name_what_they_show(door: Path) -> None:
    """A docstring, then `from … import X as X`, nothing else; and every name is there. A door may open late."""
    tree = ast.parse(door.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    room = import_module(f"vitruvian.{door.parent.name}")
    body, late = tree.body[1:], ast.unparse(ast.Module(tree.body[1:3], [])) == LATE
    if late:
        (block,) = body[2:]
        assert isinstance(block, ast.If)
        assert ast.unparse(block.test) == "TYPE_CHECKING"
        assert [ast.unparse(one) for one in block.orelse] == ["__getattr__ = late(__name__)"]
        body = block.body
    for node in body:
        assert isinstance(node, ast.ImportFrom), ast.unparse(node)
        assert node.module
        assert node.module.startswith("vitruvian.")
        for name in node.names:
            assert name.name == name.asname, f"{door.parent.name}: {name.name}"
            assert hasattr(room, name.name)
            files = {one.stem for one in door.parent.iterdir()}
            assert not late or name.name not in files or node.module == room.__name__, f"a file is called {name.name}"


def test_every_folder_is_a_package_with_a_docstring() -> None:
    for folder in {p.parent for p in PACKAGE.rglob("*.py")}:
        assert (folder / "__init__.py").exists(), folder
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize("name", POINTS)
def test_entry_points_load(name: str) -> None:
    module, _, attribute = POINTS[name].partition(":")
    assert getattr(import_module(module), attribute) is not None


def loaded(code: str) -> set[str]:
    """Modules that a fresh process has imported after `code`."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("code", ["import vitruvian", "import vitruvian.cli.main"])
def test_nothing_heavy_is_imported_before_it_is_used(code: str) -> None:
    heavy = {"jax", "numpy", "scipy", "sqlalchemy", "matplotlib", "pint", "pysam", "pyarrow", "rich", "jinja2"}
    assert not heavy & loaded(code)


def test_the_server_begins_without_science() -> None:
    heavy = {"jax", "scipy", "matplotlib", "polars", "duckdb", "mcp", "pint", "weasyprint", "vitruvian.pharmacology"}
    assert not heavy & loaded("import vitruvian.serve.app, uvicorn")


def test_no_lock_file_names_a_host() -> None:
    kinds = ("*.lock", "requirements*.txt", "package-lock.json", "pnpm-lock.yaml", "yarn.lock")
    found = {
        p
        for kind in kinds
        for p in (*ROOT.glob(kind), *(ROOT / "federated").glob(kind), *(ROOT / "web").rglob(kind))
        if "node_modules" not in p.parts
    }
    assert {ROOT / "requirements.lock", ROOT / "federated" / "requirements.lock"} <= found
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "index-url" not in text, path


@pytest.mark.slow
def test_the_wheel_holds_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    ours = {
        p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    assert {f"vitruvian/{name}" for name in ours} <= names
    samples = {p.relative_to(ROOT / "samples").as_posix() for p in (ROOT / "samples").glob("*/*")}
    assert {f"vitruvian/_samples/{name}" for name in samples} <= names
    for kind in (".tsv", ".toml", ".html", "py.typed", "licenses/LICENSE", "licenses/NOTICE", "entry_points.txt"):
        assert any(name.endswith(kind) for name in names), kind
    assert not [n for n in names if not n.startswith(("vitruvian/", f"vitruvian-{PROJECT['version']}.dist-info/"))]
