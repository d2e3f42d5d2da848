"""SQL-on-FHIR: the public suite, views of our own over sample people, errors that name their reason."""

from __future__ import annotations

import json
import random
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fhirpath_by_hand import Several, evaluate

from vitruvian.core import InputError
from vitruvian.record.sql_on_fhir import compile_view, read_view, run_query
from vitruvian.record.sql_on_fhir.syntax import parse

SAMPLES = Path(__file__).parents[2] / "samples"
REASONS = {
    "fail when 'collection' is not true": "column last_name is not a collection: one value is needed",
    "accessing an undefined constant": "the view does not define this constant; got %wrong_name",
    "incorrect constant definition": "a constant needs a name and one value",
    "column mismatch": "same columns in the same order; got a, b and a, c",
    "column order mismatch": "same columns in the same order; got a, b and b, a",
    "empty": "does not say which resource",
    "missing resource": "does not say which resource",
    "resource not specified": "does not say which resource",
    "wrong fhirpath": "not a FHIRPath expression: '@@'",
    "wrong type in forEach": "forEach needs a FHIRPath expression as text; got 1",
    "where with path resolving to not boolean": "where: true or false is needed",
}


def rows(view: Any, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a view over resources."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute("CREATE TABLE resources (type VARCHAR, resource JSON)")
        texts = [(one["resourceType"], json.dumps(one)) for one in resources]
        connection.executemany("INSERT INTO resources VALUES (?, ?)", texts)
        return run_query(connection, compile_view(read_view(view))).to_dicts()


def multiset(found: list[dict[str, Any]]) -> Counter[str]:
    """Rows whatever their order; numbers are numbers (5 is 5.0), nothing else is the same as something else."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(one) for one in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return Counter(json.dumps({name: plain(value) for name, value in row.items()}, sort_keys=True) for row in found)


def view_of(*columns: str, resource: str = "Patient", **more: Any) -> dict[str, Any]:
    """A view with columns c0, c1 … of these paths."""
    cells = [{"name": f"c{place}", "path": path} for place, path in enumerate(columns)]
    return {"resource": resource, "select": [{"column": cells, **more}]}


def test_the_public_suite(shared: Path) -> None:
    passed, refused = 0, set()
    with tarfile.open(shared / "data/conformance/sql_on_fhir/sql_on_fhir_tests.tar.gz") as archive:
        members = [archive.extractfile(one) for one in archive if one.isfile() and one.name.endswith(".json")]
        suites = [json.load(one) for one in members if one]
    for suite in suites:
        for test in suite.get("tests", []) if "resources" in suite else []:
            if test.get("expectError"):
                with pytest.raises(InputError) as caught:
                    rows(test["view"], suite["resources"])
                assert REASONS[test["title"]] in str(caught.value)
                refused.add((suite["title"], test["title"]))
                continue
            found = rows(test["view"], suite["resources"])
            assert multiset(found) == multiset(test["expect"]), (suite["title"], test["title"])
            if "expectColumns" in test:
                assert list(found[0]) == test["expectColumns"]
            passed += 1
    assert (passed, len(refused)) == (123, 11)


def sample(name: str) -> list[dict[str, Any]]:
    bundle = json.loads((SAMPLES / name / "bundle.json").read_text())
    return [entry["resource"] for entry in bundle["entry"]]


def test_a_view_of_a_sample_person() -> None:
    view = {
        "resource": "Observation",
        "constant": [{"name": "code", "valueCode": "2160-0"}],
        "where": [{"path": "code.coding.where(code = %code).exists()"}],
        "select": [
            {
                "column": [
                    {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
                    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
                    {"name": "unit", "path": "value.ofType(Quantity).unit"},
                ]
            }
        ],
    }
    found = rows(view, sample("sample-a"))
    assert [one["value"] for one in found] == [1.64, 1.63]
    assert {one["unit"] for one in found} == {"mg/dL"}
    assert len({one["patient"] for one in found}) == 1
    assert found[0]["patient"]


PERSON = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "1970-06-15",
    "active": True,
    "multipleBirthInteger": 2,
    "name": [{"family": "A'b", "given": ["X", None, "Y"], "use": "official"}, {"family": "C"}],
    "contained": [{"resourceType": "Organization", "id": "o"}, {"resourceType": "Patient", "id": "q"}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name.given.join('+')", "X+Y"),
        ("name.family[1]", "C"),
        ("name.family.last()", "C"),
        ("name.where($this.use = 'official').family", "A'b"),
        ("name.where(family = 'A\\'b').exists()", True),
        ("name.given.count()", 2),
        ("0.1 + 0.2 = 0.3", True),
        ("1 = 1.0", True),
        ("1 = '1'", False),
        ("multipleBirth.ofType(integer) / 0", None),
        ("multipleBirth.ofType(integer) * 2 + 1", 5.0),
        ("-multipleBirth.ofType(integer) < 0", True),
        ("birthDate < @1971", True),
        ("birthDate < @1970-06", None),
        ("birthDate < @1970-05", False),
        ("birthDate = @1970", None),
        ("@2015-02-04T14:34:28+09:00 = @2015-02-04T05:34:28Z", True),
        ("@T10:00 < @T10:30:00", True),
        ("nothing = 1", None),
        ("nothing.exists() or active", True),
        ("nothing and active", None),
        ("nothing = 1 and false", False),
        ("active xor false", True),
        ("'a' & nothing", "a"),
        ("'a' + nothing", None),
        ("contained.ofType(Organization).id", "o"),
        ("Patient.id", "p"),
        ("@2012-02.highBoundary()", "2012-02-29"),
        ("@2020-01-01T10:30Z.highBoundary()", "2020-01-01T10:30:59.999Z"),
        ("3.lowBoundary()", 2.5),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    kinds = {bool: "boolean", int: "integer", float: "decimal", str: "string", type(None): "string"}
    view = {"resource": "Patient", "select": [{"column": [{"name": "c", "path": path, "type": kinds[type(expected)]}]}]}
    assert rows(view, [PERSON]) == [{"c": expected}]


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (view_of("name.family"), "column c0 is not a collection"),
        (view_of("frobnicate()"), "no such FHIRPath function"),
        (view_of("name.first(1)"), "first() takes 0 to 0 arguments"),
        (view_of("id."), "a name is missing"),
        (view_of("(id"), "')' is missing"),
        (view_of("id id"), "'id' was not expected"),
        (view_of("'open"), "not a FHIRPath expression"),
        (view_of("id in name"), "operator 'in'"),
        (view_of("name['a']"), "an index must be a whole number"),
        (view_of("'a' - 1"), "- does not work on a string"),
        (view_of("name.family.first() * 2"), "a number is needed"),
        (view_of("'a'.b"), "a string has no parts"),
        (view_of("id", forEach="name", forEachOrNull="name"), "one thing only"),
        (view_of("id", repeat=[]), "repeat must be a list"),
        ({"resource": "Patient", "select": []}, "selects nothing"),
        ({"resource": "Patient", "select": "id"}, "select must be a list of objects"),
        ({"resource": "Patient", "select": [{"column": [{"name": "1", "path": "id"}]}]}, "column name"),
        ({"resource": "Patient", "select": [{"column": [{"name": n, "path": "id"} for n in "aA"]}]}, "same name"),
        ({"resource": "Patient", "select": [{"column": [{"name": "a", "path": "id", "type": "integer"}]}]}, "a number"),
        ({**view_of("id"), "where": [{"path": "'a'"}]}, "where must give true or false"),
        ({**view_of("id"), "constant": [{"name": "a", "valueInteger": "1"}]}, "not of type integer"),
        ({**view_of("id"), "constant": [{"name": "a", "valueFoo": "1"}]}, "a type that does not exist"),
        ("text", "must be a JSON object"),
    ],
)
def test_refused_for_the_right_reason(view: Any, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        rows(view, [PERSON])
    assert reason in str(caught.value)


def nested(depth: int) -> dict[str, Any]:
    item: dict[str, Any] = {"linkId": str(depth)}
    for level in range(depth - 1, 0, -1):
        item = {"linkId": str(level), "item": [item]}
    return {"resourceType": "QuestionnaireResponse", "id": "q", "item": [item]}


def test_repeat_follows_to_the_end_or_says_that_it_does_not() -> None:
    view = view_of("linkId", "%rowIndex", resource="QuestionnaireResponse", repeat=["item"])
    found = rows(view, [nested(32)])
    assert [(one["c0"], one["c1"]) for one in found] == [(str(n + 1), n) for n in range(32)]
    with pytest.raises(InputError, match="nest deeper than 32 levels"):
        rows(view, [nested(33)])


def random_person(draw: random.Random) -> dict[str, Any]:
    """A Patient with some elements absent, empty lists, nulls in lists, choices of type."""

    def some(value: Any) -> Any:
        return value if draw.random() < 0.7 else None

    names = [
        {
            "use": some(draw.choice("abc")),
            "family": some(draw.choice("xy")),
            "given": draw.choices("pqr", k=3)[: draw.randrange(4)],
        }
        for _ in range(draw.randrange(3))
    ]
    found = {
        "id": draw.choice("xyz"),
        "name": names,
        "active": some(draw.random() < 0.5),
        "a": some(draw.randrange(-3, 4)),
    }
    found |= {"n": draw.choices(range(4), k=draw.randrange(3)), draw.choice(["vInteger", "vString"]): some(2)}
    return {"resourceType": "Patient"} | {name: value for name, value in found.items() if value is not None}


def random_path(draw: random.Random, kind: str, deep: int, inside: bool = False) -> str:
    """A path that gives one boolean, one number, one text, or a list of any."""

    def other(wanted: str) -> str:
        return random_path(draw, wanted, deep - 1, inside)

    if kind == "list":
        inner = random_path(draw, "boolean", deep - 1, inside=True) if deep > 0 else "use = 'a'"
        plain = (
            ["given", "family", "use"]
            if inside
            else ["name.given", "name", "n", "name.use", f"name.where({inner}).given"]
        )
        return draw.choice(plain)
    if kind == "text":
        first = draw.choice(["first()", "last()"])
        return draw.choice([f"{other('list')}.where($this = 'p').{first}", "'a'", "use.first()" if inside else "id"])
    if kind == "number":
        leaves = [
            str(draw.randrange(3)),
            f"{other('list')}.count()",
            *([] if inside else ["a", "v.ofType(integer)", "n[0]"]),
        ]
        sums = [f"({other('number')} {draw.choice('+-*')} {other('number')})"] if deep > 0 else []
        return draw.choice(leaves + sums)
    if deep <= 0:
        return draw.choice(["true", f"{other('list')}.exists()", *([] if inside else ["active"])])
    test = draw.choice(["=", "!=", "<", "<=", ">", ">="])
    return draw.choice(
        [
            f"({other('boolean')} {draw.choice(['and', 'or', 'xor'])} {other('boolean')})",
            f"({other('number')} {test} {other('number')})",
            f"({other('text')} = {other('text')})",
            f"({other('list')} {draw.choice(['=', '!='])} {other('list')})",
            f"({other('boolean')}).not()",
            f"{other('list')}.empty()",
        ]
    )


def test_compiled_paths_agree_with_a_direct_evaluation() -> None:
    draw = random.Random(11)
    people = [random_person(draw) | {"id": f"p{number}"} for number in range(40)]
    columns, expected = [], []
    while len(columns) < 150:
        kind = draw.choice(["boolean", "boolean", "number", "text", "list"])
        path = random_path(draw, kind, 3)
        try:
            found = [evaluate(parse(path), one) for one in people]
        except Several:
            continue
        kinds = {"boolean": "boolean", "number": "decimal", "text": "string", "list": "string"}
        columns.append({"name": f"c{len(columns)}", "path": path, "type": kinds[kind], "collection": True})
        expected.append([[plain(item, kind) for item in items] for items in found])
    for start in range(0, len(columns), 30):
        some = columns[start : start + 30]
        given = rows({"resource": "Patient", "select": [{"column": some}]}, people)
        for column, wanted in zip(some, expected[start:], strict=False):
            assert [one[column["name"]] for one in given] == wanted, column["path"]


def plain(item: Any, kind: str) -> Any:
    if kind == "list":
        return item if isinstance(item, str) else json.dumps(item, separators=(",", ":"))
    return float(item) if kind == "number" else item
