"""The documentation is whole: every command, option, exit code, variable and public name is in it; links resolve."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import vitruvian
import vitruvian.core
from vitruvian.cli.main import app
from vitruvian.core import VitruvianError

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "samples").glob("*.md")]
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")


def commands(node: Any, path: tuple[str, ...] = ("vitruvian",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name."""
    inner = getattr(node, "commands", {})
    if not inner:
        yield " ".join(path), node
    for name, one in inner.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def section(command: str) -> str:
    """The lines of cli.md that speak of a command."""
    lines = "\n".join(line for line in CLI.splitlines() if f"`{command}" in line)
    own = re.search(rf"^### `{command}`\n(.*?)^##", CLI, re.MULTILINE | re.DOTALL)
    return lines + (own[1] if own else "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str) -> None:
    text = section(command)
    assert text, f"{command} is not in docs/cli.md"
    options = [max(p.opts, key=len) for p in COMMANDS[command].params if p.param_type_name == "option"]
    everywhere = {"--help", "--record"}  # said once for all
    missing = [o for o in options if o not in everywhere and not re.search(rf"{o}(?![\w-])", text)]
    assert not missing, f"{command}: {missing}"


def test_documented_commands_exist() -> None:
    named = set(re.findall(r"`(vitruvian [a-z]+(?: [a-z-]+)?)", CLI))
    assert named <= set(COMMANDS) | {"vitruvian dose"}


def errors(base: type[VitruvianError] = VitruvianError) -> Iterator[type[VitruvianError]]:
    """The error types of the package; those of the server alone are answers with a status, described there."""
    yield base
    for one in base.__subclasses__():
        if one.__module__.startswith("vitruvian.") and not one.__module__.startswith("vitruvian.serve."):
            yield from errors(one)


@pytest.mark.parametrize("error", dict.fromkeys(errors()), ids=lambda e: e.__name__)
def test_every_error_and_its_exit_code_is_documented(error: type[VitruvianError]) -> None:
    assert f"`{error.__name__}`" in CLI
    assert re.search(rf"^\| {error.exit_code} \|", CLI, re.MULTILINE)


def test_every_environment_variable_is_documented() -> None:
    used: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"environ(?:\.get|\.setdefault)?[(\[]\s*\"(\w+)\"", text))
        used |= set(re.findall(r"VITRUVIAN_[A-Z_]+", text))
    assert {"VITRUVIAN_RECORD", "VITRUVIAN_BLOBS", "JAX_ENABLE_X64"} <= used
    assert not [name for name in used if f"`{name}`" not in CLI]


def test_every_public_name_is_documented() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert not [name for name in vitruvian.__all__ if f"vt.{name}`" not in index]
    for name in vitruvian.__all__:
        assert getattr(vitruvian, name) is not None


def test_every_page_is_in_the_index_and_links_resolve() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert not [p.name for p in DOCS.glob("*.md") if p.name != "index.md" and f"({p.name})" not in index]
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_target_of_make_is_documented() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    assert not [t for t in targets if f"`{t}`" not in text and f"make {t}`" not in text]


def blocks(page: Path, language: str) -> list[str]:
    """Fenced code of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_in_pages_compiles(page: Path) -> None:
    for code in blocks(page, "python"):
        compile(code, str(page), "exec")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout after `make demo`: the samples, and a record of them in .demo/demo.db."""
    folder = tmp_path_factory.mktemp("stranger")
    for name in ("samples", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".demo").mkdir()
    for sample in ("sample-a", "sample-b", "sample-c", "sample-d", "sample-e"):
        words = ["ingest", f"samples/{sample}", "--patient", sample, "--record", ".demo/demo.db"]
        subprocess.run([sys.executable, "-m", "vitruvian.cli.main", *words], cwd=folder, check=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", [x[2:] for x in "\n".join(blocks(ROOT / "README.md", "console")).splitlines() if x.startswith("$ vitru")]
)
def test_commands_of_the_readme_run(line: str, stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRUVIAN_RECORD", ".demo/demo.db")
    words = shlex.split(line, comments=True)
    assert words[0] == "vitruvian"
    subprocess.run([sys.executable, "-m", "vitruvian.cli.main", *words[1:]], cwd=stranger, check=True)


@pytest.mark.slow
def test_the_tour_in_python_runs(stranger: Path) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    subprocess.run([sys.executable, "-c", code], cwd=stranger, check=True)
    assert (stranger / "vancomycin.svg").stat().st_size > 10_000
    assert (stranger / "vancomycin.html").stat().st_size > 10_000
