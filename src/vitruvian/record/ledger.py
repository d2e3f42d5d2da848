"""Books kept in the audit: rows of one action that say what was spent, appended only where all of them together may be.

They are about nobody in particular, chained and sealed as all rows of the audit are, so none can be taken out or edited
unseen. The new row and the judgement are one transaction: of two runs that spend the last of a budget, one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from vitruvian.core import InputError
from vitruvian.record.audit_log import AuditEntry, AuditPart, audit_entries

if TYPE_CHECKING:
    from vitruvian.record.record import Record

Judge = Callable[[Sequence[AuditEntry]], None]


def append_judged(record: Record, action: str, right: str, detail: Mapping[str, Any], judge: Judge) -> None:
    """Append a row of `action` where the actor has `right`, and `judge`, shown all rows with it, does not raise.

    `detail` is kept as it is: it must name nobody. A refusal is a row of the audit too.
    """
    record._demand(right, "")
    try:
        with record.transaction() as connection:
            record.chain.append(connection, record.actor, action, "", orjson.dumps(detail).decode())
            judge(audit_entries(connection, AuditPart(action=action)))
    except InputError:
        record.note("refused", of=action)
        raise


def rows_of_action(record: Record, action: str, right: str) -> list[AuditEntry]:
    """All rows of an action, oldest first; asking is audited. Raises `AccessError` without the `right`."""
    record._demand(right, "")
    with record.transaction() as connection:
        found = audit_entries(connection, AuditPart(action=action))
        record._note(connection, "search", "", {"of": action, "rows": len(found)})
    return found
