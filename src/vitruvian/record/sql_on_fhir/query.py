"""A view to one DuckDB query: each select a list of rows, side by side multiplied, unionAll one after the other.

Source: SQL on FHIR 2.0, "Processing algorithm".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from vitruvian.core import InputError
from vitruvian.record.sql_on_fhir import syntax
from vitruvian.record.sql_on_fhir.expressions import ROOT, Scope, compile_node
from vitruvian.record.sql_on_fhir.values import (
    SQL_TYPES,
    Value,
    as_list,
    as_one,
    each,
    error,
    is_number,
    let,
    quote,
    truth,
)
from vitruvian.record.sql_on_fhir.view import Select, View, ViewColumn

REPEAT_DEPTH = 32
"""How deep `repeat` follows; a query over data that nest deeper stops and says so."""
_lambdas = count()


@dataclass(frozen=True, slots=True)
class Query:
    """SQL over a relation with the columns `type` and `resource` (JSON), and the names of its columns."""

    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A column of the result: SQL and its DuckDB type."""

    name: str
    sql: str
    type: str


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows = cells beside the product of lists of structs; `order` is that of the columns."""

    cells: tuple[_Cell, ...]
    lists: tuple[tuple[tuple[_Cell, ...], str], ...]
    order: tuple[str, ...]


def compile_view(view: View, source: str = "resources") -> Query:
    """The query of a view over the relation `source`; raises `InputError` for what is wrong whatever the data are.

    It stops with a message (DuckDB's `InvalidInputException`) where data do not fit, such as two values in a column.
    """
    members: dict[str, int] = {}

    def column(name: str) -> str:
        return f"m{members.setdefault(name, len(members))}"

    scope = Scope(ROOT, "CAST(0 AS BIGINT)", view.resource, view.constants, column)
    where = [_condition(node, scope) for node in view.where]
    rows = _body(view.select, scope)
    table = _source(view.resource, source, members, where)
    shown = ", ".join(f'"{name}"' for name in rows.order)
    cells = [f'{cell.sql} AS "{cell.name}"' for cell in rows.cells]
    if not rows.lists:
        return Query(f"SELECT {', '.join(cells)} FROM {table}", rows.order)
    fields, listed = _product(rows.lists)
    cells += [f"unnest({listed}) AS u_"]
    out = ", ".join(f'u_."{cell.name}"' for cell in fields)
    own = "".join(f'"{cell.name}", ' for cell in rows.cells)
    return Query(f"SELECT {shown} FROM (SELECT {own}{out} FROM (SELECT {', '.join(cells)} FROM {table}))", rows.order)


def _source(resource: str, source: str, members: dict[str, int], where: list[str]) -> str:
    """The resources of one type that `where` keeps, with the members that the view needs as columns."""
    paths = ", ".join(quote('$."' + name.replace('"', '""') + '"') for name in members)
    typed = f"FROM {source} WHERE type = {quote(resource)}"
    table = f"(SELECT resource {typed})"
    if members:
        parts = ", ".join(f"parts[{place + 1}] AS m{place}" for place in members.values())
        table = f"(SELECT resource, {parts} FROM (SELECT resource, json_extract(resource, [{paths}]) AS parts {typed}))"
    return table + (f" WHERE {' AND '.join(where)}" if where else "")


def _condition(node: syntax.Node, scope: Scope) -> str:
    value = compile_node(node, scope)
    if value.form == "native" and value.type != "boolean":
        raise InputError("where must give true or false", got=f"a {value.type}", todo="Compare the path to something.")
    return f"({truth(value, 'where')})"


def _rows(select: Select, scope: Scope) -> _Rows:
    """The rows of a select for one item of its parent."""
    if select.each is None and not select.repeat:
        return _body(select, scope)
    items = (
        _repeated(select.repeat, scope) if select.repeat else as_list(compile_node(select.each or syntax.This(), scope))
    )
    if select.or_null:
        items = let(items, lambda v: f"CASE WHEN len({v}) = 0 THEN [CAST(NULL AS JSON)] ELSE {v} END")
    item, place = f"i{next(_lambdas)}", f"n{next(_lambdas)}"
    inner = _body(select, scope.at(item, f"({place} - 1)"))
    fields, listed = _structs(inner)
    if inner.lists:
        return _Rows(
            (), ((fields, f"flatten(list_transform({items}, lambda {item}, {place}: {listed}))"),), inner.order
        )
    struct = _struct(inner.cells)
    return _Rows((), ((fields, f"list_transform({items}, lambda {item}, {place}: {struct})"),), inner.order)


def _body(select: Select, scope: Scope) -> _Rows:
    """Columns, nested selects and the union side by side."""
    cells = [_cell(column, scope) for column in select.columns]
    parts = [_rows(one, scope) for one in select.selects]
    lists = tuple(one for part in parts for one in part.lists)
    if select.union:
        lists += (_union([_rows(one, scope) for one in select.union]),)
    cells += [cell for part in parts for cell in part.cells]
    return _Rows(tuple(cells), lists, select.names())


def _union(parts: list[_Rows]) -> tuple[tuple[_Cell, ...], str]:
    """One list after the other; their columns must have the same types."""
    structs = [_structs(part) for part in parts]
    first = {cell.name: cell.type for cell in structs[0][0]}
    for fields, _ in structs[1:]:
        for cell in fields:
            if cell.type != first[cell.name]:
                got = f"{cell.name}: {first[cell.name]} and {cell.type}"
                raise InputError("the parts of a unionAll must have columns of the same types", got=got)
    order = {name: place for place, name in enumerate(parts[0].order)}
    joined = structs[0][1]
    for _, listed in structs[1:]:
        joined = f"list_concat({joined}, {listed})"
    return tuple(sorted(structs[0][0], key=lambda cell: order[cell.name])), joined


def _structs(rows: _Rows) -> tuple[tuple[_Cell, ...], str]:
    """Rows as one list of structs, fields in the order of the columns (so that lists can be joined)."""
    order = {name: place for place, name in enumerate(rows.order)}
    alone = tuple(sorted(rows.cells, key=lambda cell: order[cell.name]))
    if not rows.lists:
        return alone, f"[{_struct(alone)}]"
    fields, listed = _product(rows.lists)
    item = f"p{next(_lambdas)}"
    cells = (*rows.cells, *(_Cell(cell.name, f'{item}."{cell.name}"', cell.type) for cell in fields))
    cells = tuple(sorted(cells, key=lambda cell: order[cell.name]))
    return cells, f"list_transform({listed}, lambda {item}: {_struct(cells)})"


def _product(lists: tuple[tuple[tuple[_Cell, ...], str], ...]) -> tuple[tuple[_Cell, ...], str]:
    """Every row of the first list with every row of the others."""
    fields, listed = lists[0]
    if len(lists) == 1:
        return fields, listed
    others, rest = _product(lists[1:])
    left, right = f"p{next(_lambdas)}", f"p{next(_lambdas)}"
    both = (*(_part(left, cell) for cell in fields), *(_part(right, cell) for cell in others))
    inner = f"list_transform({rest}, lambda {right}: {_struct(both)})"
    return (*fields, *others), f"flatten(list_transform({listed}, lambda {left}: {inner}))"


def _part(struct: str, cell: _Cell) -> _Cell:
    return _Cell(cell.name, f'{struct}."{cell.name}"', cell.type)


def _struct(cells: tuple[_Cell, ...]) -> str:
    return "{" + ", ".join(f'"{cell.name}": {cell.sql}' for cell in cells) + "}"


def _repeated(paths: tuple[syntax.Node, ...], scope: Scope) -> str:
    """What the paths lead to, and from there again, parents before children: level by level, then put in order.

    Each item carries its place, the list of its numbers among its siblings from the top down.
    """

    def children(parent: Scope, place: str) -> str:
        found = ", ".join(as_list(compile_node(path, parent)) for path in paths)
        item, number = f"i{next(_lambdas)}", f"n{next(_lambdas)}"
        struct = f"{{'place': list_append({place}, {number}), 'item': {item}}}"
        return f"list_transform(flatten([{found}]), lambda {item}, {number}: {struct})"

    def step(reached: str) -> str:
        below = each(f"{reached}.last", lambda s: children(scope.at(f"{s}.item"), f"{s}.place"))
        more = "{{'found': list_concat({0}.found, {1}), 'last': {1}}}"
        return let(f"flatten({below})", lambda found: more.format(reached, found))

    top = let(children(scope, "CAST([] AS BIGINT[])"), lambda found: f"{{'found': {found}, 'last': {found}}}")
    reached, level = f"r{next(_lambdas)}", f"n{next(_lambdas)}"
    all_levels = f"list_reduce(range({REPEAT_DEPTH}), lambda {reached}, {level}: {step(reached)}, {top})"
    deeper = error(f"repeat: the data nest deeper than {REPEAT_DEPTH} levels")
    whole = let(all_levels, lambda r: f"CASE WHEN len({r}.last) > 0 THEN {deeper} ELSE list_sort({r}.found) END")
    return each(whole, lambda s: f"{s}.item")


def _cell(column: ViewColumn, scope: Scope) -> _Cell:
    """A column with its type; the query stops at several values, or at a value of another type."""
    value = compile_node(column.path, scope)
    kind = SQL_TYPES.get(column.type or value.type, "VARCHAR")
    what = f"column {column.name}"
    if column.collection:
        items = each(as_list(value), lambda one: _cast(Value(one, "json"), kind, what))
        return _Cell(column.name, f"CAST({items} AS {kind}[])", f"{kind}[]")
    one = as_one(value, f"{what} is not a collection")
    return _Cell(column.name, f"CAST({_cast(one, kind, what)} AS {kind})", kind)


def _cast(one: Value, kind: str, what: str) -> str:
    if one.form == "native":
        return one.sql
    if kind == "VARCHAR":
        return f"json_extract_string({one.sql}, '$')"
    fits = {"BOOLEAN": "{0} IN ('true', 'false')"}.get(kind, is_number("{0}"))
    wrong = error(f"{what}: the value is not {'true or false' if kind == 'BOOLEAN' else 'a number'}")
    return let(
        one.sql, lambda v: f"CASE WHEN {v} IS NULL OR {fits.format(v)} THEN CAST({v} AS {kind}) ELSE {wrong} END"
    )
