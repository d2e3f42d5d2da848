"""`vitruvian models`: the drug library as tables or JSON."""

from __future__ import annotations

from typing import Any

import typer

app = typer.Typer(help="Models of the drug library, with their sources.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_models(as_json: bool = typer.Option(False, "--json", help="One JSON array instead of a table.")) -> None:
    """All models, by drug; the default model of a drug comes first."""
    from vitruvian.pharmacology.library import find, library

    rows = [
        {
            "drug": name,
            "model": m.name,
            "title": m.title,
            "default": m is find(name).default_model,
            "on_request": m.on_request,
            **_source(m.source),
        }
        for name in library()
        for m in find(name).models
    ]
    if as_json:
        _print_json(rows)
        return
    table = _table("drug", "model", "status")
    for row in rows:
        mark = "*" if row["on_request"] else ""
        table.add_row(row["drug"] if row["default"] else "", row["model"] + mark, row["status"])
    _console().print(table)
    _console().print(
        f"{len(rows)} models of {len(library())} drugs; * used only when named. Details: vitruvian models show NAME",
        style="dim",
    )


@app.command("show")
def show(
    name: str = typer.Argument(help="Drug, model, a Python file with a model, or a NONMEM control stream."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object instead of tables."),
) -> None:
    """What a model is made of and where each number comes from; for a library model also what its drug needs."""
    from vitruvian.pharmacology.describe import describe

    record = describe(name)
    if as_json:
        _print_json(record)
        return
    console = _console()
    console.print(record["title"], style="bold", highlight=False)
    _show_source(console, record["source"])
    if record["on_request"]:
        console.print(f"Used only when named: {record['on_request']}", highlight=False)
    sources: list[dict[str, Any]] = []
    for heading, columns, key in (
        ("Parameters", ("name", "value", "unit", "description"), "parameters"),
        ("Variability", ("of", "variance", "between occasions", "distribution", "as stated"), "variability"),
        ("Covariances", ("of", "covariance"), "covariances"),
        ("Covariates", ("name", "unit", "studied", "allowed", "description"), "covariates"),
        ("Outputs", ("name", "unit", "residual error"), "outputs"),
        ("Targets", ("name", "metric", "range", "unit", "kind", "source"), "targets"),
        ("Products", ("form", "strength", "unit", "route", "step", "moiety factor"), "products"),
        ("Bounds", ("quantity", "kind", "range", "unit", "source"), "bounds"),
        ("Standard doses", ("name", "route", "indication", "source"), "standard"),
        ("Label rules", ("name", "action", "consequence", "source"), "label_rules"),
        ("Monitoring", ("what", "when", "source"), "monitoring"),
    ):
        _section(console, heading, columns, record.get(key, []))
        sources += [row["source"] for row in record.get(key, []) if "source" in row and key != "parameters"]
    _show_citations(console, sources)
    if others := record.get("other_models"):
        console.print(f"\nOther models of {record['drug']}: {', '.join(others)}", style="dim")


def _source(source: Any) -> dict[str, Any]:
    from vitruvian.pharmacology.describe import describe_source

    return describe_source(source)


def _show_source(console: Any, source: dict[str, Any]) -> None:
    console.print(f"Source: {source['citation']}.", highlight=False)
    where = " · ".join(str(source[k]) for k in ("table", "doi") if source[k])
    console.print(f"  {where + ' · ' if where else ''}read as: {source['status']}", highlight=False)
    if source["errata"]:
        console.print(f"  Errata: {source['errata']}", style="yellow", highlight=False)


def _show_citations(console: Any, sources: list[dict[str, Any]]) -> None:
    full = {(_short(s), s["table"], s["status"]): s for s in sources}
    if full:
        console.print("\nSources", style="bold")
    for (short, *_), s in full.items():
        where = " · ".join(str(part) for part in (s["citation"], s["table"], s["doi"], s["status"]) if part)
        console.print(f"{short}: {where}", highlight=False)


def _short(source: dict[str, Any]) -> str:
    """First author and year, or the beginning of the citation."""
    from re import search

    head = str(source["citation"]).split(",")[0].split(".")[0]
    year = search(r"\b(?:19|20)\d\d\b", source["citation"])
    return f"{head.rsplit(' ', 1)[0]} {year[0]}" if year and len(head.split()) <= 4 else head


def _section(console: Any, heading: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    console.print(f"\n{heading}", style="bold")
    table = _table(*columns)
    for row in rows:
        table.add_row(*(_cell(row[c.replace(" ", "_")]) for c in columns))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return _short(value) + (" (unverified)" if value["status"] == "unverified" else "")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _table(*columns: str) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _console() -> Any:
    from rich.console import Console

    return Console()


def _print_json(value: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
