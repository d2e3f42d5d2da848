"""The drug library, loaded when first asked: built-in and third-party drugs come in by one entry-point group."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from vitruvian.core import InputError, UnknownNameError
from vitruvian.model import Model
from vitruvian.pharmacology.drug import Drug

GROUP = "vitruvian.models"
CONTROL_STREAMS = (".mod", ".ctl")


def library() -> tuple[str, ...]:
    """Names of all drugs, sorted; nothing is loaded."""
    return tuple(sorted(_entries()))


def find(name: str) -> Drug:
    """Drug by name or synonym (any case); raises `UnknownNameError` with the closest names."""
    key = _key(name)
    if key in _entries():
        return _load(key)
    for drug in map(_load, library()):
        if key in map(_key, drug.synonyms):
            return drug
    raise _unknown("drug", name, library())


def models() -> tuple[str, ...]:
    """Full names of all models, by drug, the default of each drug first (loads every drug)."""
    return tuple(model.name for drug in map(_load, library()) for model in drug.models)


def find_model(name: str | Path) -> Model:
    """Model by drug name (its default model), full name, or path of a user's file.

    A path ends in `.py` (one model class, or `MODEL`, or `DRUG`) or in `.mod`/`.ctl` (a control stream).
    Raises `UnknownNameError` with the closest names; `InputError` if the file holds no model.
    """
    path = Path(name)
    if path.suffix == ".py":
        return _from_python(path)
    if path.suffix in CONTROL_STREAMS:
        from vitruvian.pharmacology.nonmem import read_control_stream

        return read_control_stream(path)
    key = _key(str(name))
    for drug in sorted((d for d in library() if key.startswith(d)), key=len, reverse=True):
        for model in _load(drug).models:
            if key in (drug, model.name):
                return model
    if key not in models():
        try:
            return find(key).default_model
        except UnknownNameError:
            raise _unknown("model", str(name), (*library(), *models())) from None
    return next(m for d in library() for m in _load(d).models if m.name == key)


def home(name: str) -> str:
    """Name of the package that defines a drug of the library: its files lie there."""
    find(name)
    return _entries()[_key(name)].module


def drug_of(model: Model) -> Drug | None:
    """The drug whose library entry holds this model, if any."""
    for name in library():
        if model.name.startswith(name) and any(m.name == model.name for m in _load(name).models):
            return _load(name)
    return None


class Drugs:
    """All drugs as attributes (`drugs.apixaban`) or items (`drugs["apixaban"]`), each loaded when touched."""

    def __getattr__(self, name: str) -> Drug:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return find(name)
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def __getitem__(self, name: str) -> Drug:
        return find(name)

    def __iter__(self) -> Iterator[str]:
        return iter(library())

    def __len__(self) -> int:
        return len(library())

    def __dir__(self) -> list[str]:
        return list(library())

    def __repr__(self) -> str:
        return f"<Drugs: {', '.join(library())}>"


drugs = Drugs()


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _load(name: str) -> Drug:
    drug = _entries()[name].load()
    if not isinstance(drug, Drug):
        raise InputError(
            f"entry point {name!r} of group {GROUP} is not a drug", got=type(drug).__name__, allowed="a Drug object"
        )
    return drug


def _from_python(path: Path) -> Model:
    module = _import_file(path)
    if isinstance(drug := getattr(module, "DRUG", None), Drug):
        return drug.default_model
    if isinstance(model := getattr(module, "MODEL", None), Model):
        return model
    classes = [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, Model) and c.__module__ == module.__name__
    ]
    if len(classes) == 1:
        return classes[0]()
    raise InputError(
        f"{path.name} does not say which model it defines",
        got=f"{len(classes)} model classes",
        allowed="one subclass of Model, or MODEL = …, or DRUG = …",
        todo="See docs/adding_a_drug.md.",
    )


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError("no such model file", got=path, todo="Check the path.")
    spec = spec_from_file_location(f"vitruvian_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", got=path)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's code raises
        raise InputError(f"{path.name} cannot be run", got=f"{type(error).__name__}: {error}") from error
    return module


def _key(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _unknown(kind: str, name: str, names: tuple[str, ...]) -> UnknownNameError:
    close = get_close_matches(_key(name), names, n=3, cutoff=0.6)
    return UnknownNameError(
        f"no such {kind} in the library",
        got=name,
        todo=(f"Did you mean {' or '.join(close)}? " if close else "") + "See `vitruvian models list`.",
    )
