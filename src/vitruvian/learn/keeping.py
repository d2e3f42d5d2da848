"""A learned model as a folder: JSON, arrays and texts under hashes, whole or not at all, and nothing that runs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from vitruvian.core import DataError, InputError, Source, StoreError, UnsupportedError
from vitruvian.learn.shapes import Feature, Kept, Learned, Manifest, Target

FORMAT = 1
GROUP = "vitruvian.learned"
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "DiscreteHazards": "vitruvian.learn.survival.hazards:KEPT",
        "HistoryModel": "vitruvian.learn.history:HISTORY",
        "PrivateTrees": "vitruvian.learn.private.kept:PRIVATE_TREES",
        "RiskModel": "vitruvian.learn.risk:RISK_MODEL",
        "SequenceModel": "vitruvian.learn.sequence:SEQUENCE",
    }
)
"""Class of a model → where its `Kind` is ("module:NAME"); other packages add theirs by the entry point `GROUP`."""


@dataclass(frozen=True)
class Parts:
    """What a model is beyond its header: plain data (JSON), arrays, and texts such as trees written by LightGBM."""

    data: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """What every learned model has; `from_parts` gets it back."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    sources: tuple[Source, ...]
    manifest: Manifest


@dataclass(frozen=True)
class Kind:
    """How one class of models is taken apart and put together again."""

    to_parts: Callable[[Any], Parts]
    from_parts: Callable[[Header, Parts], Kept]


def save(model: Kept, folder: Path | str) -> Path:
    """Write a model into a new folder. Raises InputError where something is there, DataError where it is no JSON."""
    folder = Path(folder)
    if folder.exists():
        raise InputError("a model is not written over", got=folder.name, todo="Give a folder that does not exist.")
    files = _files(model)
    contents = {"format": FORMAT, "kind": type(model).__name__, "files": {n: _hash(b) for n, b in files.items()}}
    files["contents.json"] = _json(contents)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise StoreError(f"cannot write {folder.name}", got=error.strerror) from error
    try:
        for name, content in files.items():
            _write(part / name, content)
        part.chmod(0o755)
        part.rename(folder)
    except OSError as error:
        raise StoreError(f"cannot write {folder.name}", got=error.strerror) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def load(folder: Path | str) -> Learned:
    """Read a model back. Raises DataError where a file is missing or changed, UnsupportedError for an unknown kind."""
    found = load_kept(folder)
    if not isinstance(found, Learned):
        raise InputError(f"{found.name} does not score rows", got=type(found).__name__, todo="Read it by load_kept.")
    return found


def load_kept(folder: Path | str) -> Kept:
    """As `load`, of anything kept: also corrections of a pharmacokinetic model, and emulators."""
    folder = Path(folder)
    if not (folder / "contents.json").is_file():
        raise InputError("no learned model is here", got=folder.name, todo="Give a folder written by `predict train`.")
    try:
        contents = json.loads((folder / "contents.json").read_bytes())
        form, kind, hashes = contents["format"], str(contents["kind"]), dict(contents["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"contents.json of {folder.name} cannot be read", todo="Take the model again.") from error
    if form != FORMAT:
        raise UnsupportedError("this model is of another format", got=form, allowed=FORMAT)
    files = {name: _checked(folder, name, hashed) for name, hashed in hashes.items()}
    header = header_from_json(json.loads(files["model.json"]))
    texts = {n.removesuffix(".txt"): b.decode() for n, b in files.items() if n.endswith(".txt")}
    parts = Parts(json.loads(files["data.json"]), _arrays(files["arrays.npz"]), texts)
    return _kind(kind).from_parts(header, parts)


def fingerprint(folder: Path | str) -> str:
    """SHA-256 of a kept model: of the hashes of all its files."""
    return _hash((Path(folder) / "contents.json").read_bytes())


def header_of(model: Kept) -> Header:
    """The header of a model."""
    return Header(model.name, model.title, model.version, model.features, model.target, model.sources, model.manifest)


def header_from_json(data: Mapping[str, Any]) -> Header:
    """A header as read from JSON."""

    def feature(one: Mapping[str, Any]) -> Feature:
        return Feature(**{**one, "categories": tuple(one["categories"])})

    target = Target(**{**data["target"], "events": tuple(data["target"]["events"])})
    sources = tuple(Source(**one) for one in data["sources"])
    features = tuple(feature(one) for one in data["features"])
    named = (data["name"], data["title"], data["version"])
    return Header(*named, features, target, sources, Manifest(**data["manifest"]))


def _files(model: Kept) -> dict[str, bytes]:
    parts = _kind(type(model).__name__).to_parts(model)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **parts.arrays)
    plain = asdict(
        replace(header_of(model), manifest=Manifest())
    )  # asdict copies, which read-only mappings do not like
    plain["manifest"] = {name: _plain(getattr(model.manifest, name)) for name in Manifest.__dataclass_fields__}
    files = {"model.json": _json(plain), "data.json": _json(dict(parts.data)), "arrays.npz": packed.getvalue()}
    for name, text in parts.texts.items():
        files[f"{_simple(name)}.txt"] = text.encode()
    return files


def _plain(value: Any) -> Any:
    """Mappings of any kind as dictionaries."""
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _kind(name: str) -> Kind:
    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in KINDS:
        module, _, attribute = KINDS[name].partition(":")
        return getattr(import_module(module), attribute)
    if name in others:
        return others[name].load()
    raise UnsupportedError("no such kind of learned model", got=name, allowed=", ".join(sorted({*KINDS, *others})))


def _checked(folder: Path, name: str, hashed: str) -> bytes:
    try:
        content = (folder / _simple(name)).read_bytes()
    except OSError as error:
        raise DataError(f"{name} of the model {folder.name} is missing", todo="Take the model again.") from error
    if _hash(content) != hashed:
        raise DataError(f"{name} of the model {folder.name} was changed", todo="Take the model again.")
    return content


def _simple(name: str) -> str:
    if not name.replace("_", "").replace(".", "").replace("-", "").isalnum() or name.startswith("."):
        raise DataError("a part of a model has a name of letters and digits", got=name)
    return name


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as packed:
        return {name: packed[name] for name in packed.files}


def _json(data: Any) -> bytes:
    try:
        return (json.dumps(data, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise DataError("this part of a model is no JSON", got=error, todo="Put arrays into `arrays`.") from error


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
