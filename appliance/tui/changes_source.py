"""What administrators did lately, from the audit log: it has no HTTP route, so only on the machine of the appliance."""

from datetime import datetime
from typing import TYPE_CHECKING

from appliance.core.messages import _
from appliance.operations.changes import Change
from appliance.tui.local import Local, in_thread

if TYPE_CHECKING:
    from appliance.state.audit.records import Record

SINCE = "1h"
COMMAND = f"appliance audit search --kind 'admin.*' --since {SINCE}"
_MOST = 200


async def recorded(local: Local, language: str) -> tuple[Change, ...]:
    """Return what administrators did in the last hour, the newest first. Raises `ApplianceError`."""
    return await in_thread(lambda: _read(local), language)


def _read(local: Local) -> tuple[Change, ...]:
    from appliance.operations.audit import find_records
    from appliance.state.audit.search import Filters

    page = find_records(local.home, local.site(), Filters(kind="admin.*", since=SINCE), limit=_MOST)
    return tuple(_change(record) for record in page.records)


def _change(record: "Record") -> Change:
    what = _(
        "{kind}: {target}",
        kind=record.action or record.kind.removeprefix("admin."),
        target=" · ".join(part for part in (record.target, record.outcome) if part) or "–",
    )
    who = " · ".join(part for part in (record.actor, record.tenant) if part)
    bad = record.outcome in ("refused", "failed", "error")
    return Change(datetime.fromisoformat(record.at), "bad" if bad else "plain", what, who=who)
