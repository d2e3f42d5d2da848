"""A kept model comes back as it was; a missing, changed or half-written one is refused."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, Source, UnsupportedError
from vitruvian.learn import (
    Contributions,
    Feature,
    Header,
    Kind,
    Learned,
    Manifest,
    Parts,
    Rows,
    Scores,
    Target,
    header_of,
    keeping,
    load,
    save,
)

AGE = Feature("age", "Age", "a", low=0, high=120)
SEX = Feature("sex", "Sex", kind="category", categories=("female", "male"))


@dataclass(frozen=True)
class Line(Learned):
    """A straight line on the margin: the least model that can be kept."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest
    weight: np.ndarray

    def predict(self, rows: Rows) -> Scores:
        raise NotImplementedError

    def explain(self, rows: Rows) -> Contributions:
        raise NotImplementedError


def from_parts(header: Header, parts: Parts) -> Line:
    assert parts.texts == {"trees": "tree\n"}
    assert parts.data == {"depth": 3}
    named = (header.name, header.title, header.version, header.features, header.target)
    return Line(*named, header.sources, header.manifest, parts.arrays["weight"])


LINE = Kind(lambda model: Parts({"depth": 3}, {"weight": model.weight}, {"trees": "tree\n"}), from_parts)


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(keeping, "KINDS", {"Line": f"{__name__}:LINE"})
    target, manifest = Target("death", "Death in hospital"), Manifest({"a.csv": "5d41"}, "ab", 7, 10, {"numpy": "2"})
    sources = (Source("A paper", doi="10.1/1"),)
    return Line("icu", "ICU", "1", (AGE, SEX), target, sources, manifest, np.array([0.1, np.nan, -3.0]))


def test_a_model_comes_back_as_it_was(model, tmp_path):
    back = load(save(model, tmp_path / "models" / "icu"))
    assert header_of(back) == header_of(model)
    np.testing.assert_array_equal(back.weight, model.weight)
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["icu"]


def test_a_model_is_not_written_over(model, tmp_path):
    save(model, tmp_path / "icu")
    with pytest.raises(InputError, match="not written over"):
        save(model, tmp_path / "icu")


def test_what_fails_halfway_leaves_nothing(model, tmp_path, monkeypatch):
    written = []

    def fails(path, content):
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(keeping, "_write", fails)
    with pytest.raises(keeping.StoreError, match="No space"):
        save(model, tmp_path / "icu")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model.json", "data.json", "arrays.npz", "trees.txt"])
def test_changed_and_missing_files_are_found(model, tmp_path, name):
    file = save(model, tmp_path / "icu") / name
    file.write_bytes(file.read_bytes().replace(b"e", b"f", 1) + b" ")
    with pytest.raises(DataError, match=f"{name} of the model icu was changed"):
        load(tmp_path / "icu")
    file.unlink()
    with pytest.raises(DataError, match="missing"):
        load(tmp_path / "icu")


def test_unknown_kinds_formats_and_places_are_refused(model, tmp_path):
    contents = save(model, tmp_path / "icu") / "contents.json"
    data = json.loads(contents.read_text())
    for change, error, said in (
        ({"kind": "os.system"}, UnsupportedError, "no such kind"),
        ({"format": 99}, UnsupportedError, "another format"),
        ({"files": data["files"] | {"../secret": "00"}}, DataError, "letters and digits"),
    ):
        contents.write_text(json.dumps(data | change))
        with pytest.raises(error, match=said):
            load(tmp_path / "icu")
    with pytest.raises(InputError, match="no learned model"):
        load(tmp_path / "nothing")


def test_numbers_that_json_cannot_hold_are_refused_before_anything_is_written(model, tmp_path, monkeypatch):
    kind = Kind(lambda m: Parts({"depth": float("nan")}), from_parts)
    monkeypatch.setitem(globals(), "LINE", kind)
    with pytest.raises(DataError, match="no JSON"):
        save(model, tmp_path / "icu")
    assert list(tmp_path.iterdir()) == []
