"""Faults of the disk, the blob store or the database server as one typed error: nothing was half written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError

from vitruvian.core import StoreError


@contextmanager
def storage() -> Iterator[None]:
    """Raises `StoreError` for a disk that is full or fails, and for a database that cannot be reached."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreError("the database could not be used", got=str(error.orig), todo=_TODO) from error
    except OSError as error:
        raise StoreError("the disk or the blob store could not be used", got=str(error), todo=_TODO) from error


_TODO = "Nothing of this file was kept. Free space or mend the store, then do it again."
