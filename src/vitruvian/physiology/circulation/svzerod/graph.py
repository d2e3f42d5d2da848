"""The graph of blocks: every name once, every end joined, nothing that no pressure or flow reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vitruvian.core import InputError, UnknownNameError
from vitruvian.physiology.circulation.svzerod.case import Block
from vitruvian.physiology.circulation.svzerod.kinds import KINDS

_PASSIVE = ("vessels", "junctions", "valves", "")


def check_graph(blocks: Sequence[Block], connections: Sequence[tuple[str, str]]) -> None:
    """Raises `InputError` for names used twice, loose ends, blocks joined to themselves, rings that nothing drives."""
    twice = [name for name, n in Counter(one.name for one in blocks).items() if n > 1]
    if twice:
        raise InputError("names of blocks must differ", got=", ".join(twice), allowed="each name once")
    named = {one.name: one for one in blocks}
    for before, after in connections:
        for end, other in ((before, after), (after, before)):
            if end not in named:
                known = ", ".join(sorted(named))
                raise UnknownNameError(f"{other} is joined to a block that is not there", got=end, allowed=known)
        if before == after:
            raise InputError(f"{before} is joined to itself", got=before, allowed="two blocks")
    for block in blocks:
        _check_ends(block, connections)
        _check_heart(block, named)
    _check_driven(blocks, connections)


def _check_ends(block: Block, connections: Sequence[tuple[str, str]]) -> None:
    kind = KINDS[block.kind]
    found = (
        sum(after == block.name for _, after in connections),
        sum(before == block.name for before, _ in connections),
    )
    for what, count, (least, most) in zip(("inlet", "outlet"), found, (kind.inlets, kind.outlets), strict=True):
        if count < least or (most is not None and count > most):
            allowed = f"{least}" if most == least else f"{least} to {most}" if most is not None else f"{least} or more"
            raise InputError(f"{block.kind} {block.name}: wrong number of {what}s", got=count, allowed=allowed)
    if kind.inlets == kind.outlets == (0, 1) and sum(found) != 1:
        raise InputError(f"{block.kind} {block.name} is a boundary", got=f"{sum(found)} ends joined", allowed="one end")


def _check_heart(block: Block, named: dict[str, Block]) -> None:
    for variable in KINDS[block.kind].reads:
        if variable.partition(":")[2] not in named:
            allowed = "a case with ClosedLoopHeartAndPulmonary"
            what = f"{block.kind} {block.name} reads a heart that is not there"
            raise InputError(what, got=variable, allowed=allowed)


def _check_driven(blocks: Sequence[Block], connections: Sequence[tuple[str, str]]) -> None:
    """Every part of the graph that hangs together has a boundary condition or a chamber that sets its pressure."""
    part = {one.name: one.name for one in blocks}

    def root(name: str) -> str:
        while part[name] != name:
            name = part[name]
        return name

    for before, after in connections:
        part[root(before)] = root(after)
    driven = {root(one.name) for one in blocks if one.section not in _PASSIVE}
    loose = [one.name for one in blocks if root(one.name) not in driven]
    if loose:
        allowed = "a boundary condition or a chamber in every part"
        raise InputError("blocks form a ring or part that nothing drives", got=", ".join(loose), allowed=allowed)
