"""Broken copies of a good file: bytes flipped, cut, repeated; numbers made absurd; parts of JSON exchanged."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import orjson

ABSURD = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\x0b",
    b"-1",
    b"99999999999999999999",
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b'"',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"0000-00-00",
    b"9999-99-99T99:99:99",
    b"../../../etc/passwd",
    b"&lol;",
    b"<!DOCTYPE x>",
    b"]]>",
    "é\u200b\U0001f600".encode(),
    b"A" * 300,
    b"[" * 300,
    b"%s%n",
)


def mutants(good: bytes, count: int, seed: int) -> Iterator[bytes]:
    """`count` broken copies of `good`, the same for the same seed; each has one to four faults."""
    draw = random.Random(seed)
    tree = good.lstrip()[:1] in (b"{", b"[") and _is_json(good)
    faults: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _cut, _drop, _repeat, _insert, _number)
    for _ in range(count):
        if tree and draw.random() < 0.5:
            yield _exchanged(good, draw)
            continue
        data = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            draw.choice(faults)(data, draw)
        yield gzip.compress(bytes(data), 1) if draw.random() < 0.02 else bytes(data)


def _flip(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.randint(1, 8)):
        if data:
            data[draw.randrange(len(data))] = draw.randrange(256)


def _cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randint(0, len(data)) :]


def _span(data: bytearray, draw: random.Random, longest: int) -> slice:
    start = draw.randint(0, len(data))
    return slice(start, min(len(data), start + draw.randint(1, longest)))


def _drop(data: bytearray, draw: random.Random) -> None:
    del data[_span(data, draw, 200)]


def _repeat(data: bytearray, draw: random.Random) -> None:
    part = bytes(data[_span(data, draw, 400)])
    at = draw.randint(0, len(data))
    data[at:at] = part * draw.randint(1, 5)


def _insert(data: bytearray, draw: random.Random) -> None:
    at = draw.randint(0, len(data))
    data[at : at + draw.choice((0, 0, 1, 5))] = draw.choice(ABSURD)


def _number(data: bytearray, draw: random.Random) -> None:
    """A digit somewhere becomes something absurd."""
    if not data:
        return
    at = draw.randrange(len(data))
    for k in (*range(at, len(data)), *range(at)):
        if 48 <= data[k] <= 57:
            data[k : k + 1] = draw.choice(ABSURD)
            return


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e300,
    10**18,
    "",
    "x",
    "\x00",
    "9999-99-99",
    "1e999",
    [],
    {},
    [None],
    [{}],
    {"value": []},
)


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def _exchanged(good: bytes, draw: random.Random) -> bytes:
    """Valid JSON in which one to three parts are something else."""
    whole = orjson.loads(good)
    for _ in range(draw.randint(1, 3)):
        part = whole
        while isinstance(part, dict | list) and part:
            key = draw.choice(list(part)) if isinstance(part, dict) else draw.randrange(len(part))
            if not isinstance(part[key], dict | list) or not part[key] or draw.random() < 0.2:
                part[key] = deepcopy(draw.choice(JUNK))  # the next fault may change it
                break
            part = part[key]
    return orjson.dumps(whole)
