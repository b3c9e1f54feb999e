"""Sign-off: which reports leave only once a reviewer has released exactly this version, and what has become of that."""

from typing import Any

from appliance.core.errors import ConfigError, NotFound, RequestError
from appliance.scenario.pack import Caller

from ..jobs.desk import Desk
from ..models import SignOff

_STATUSES = {"pending": "pending", "approved": "approved", "refused": "refused", "expired": "expired"}


async def wants_signature(desk: Desk, template: str) -> bool:
    """Tell whether reports of a template leave only when they are signed.

    Where neither the bank's settings nor the outline can be read, they do.
    """
    policy = desk.settings.sign_off
    if policy != "template":
        return policy == "all"
    try:
        return (await desk.compute(desk.template, template)).sign_off == "required"
    except (RequestError, ConfigError):  # the outline is gone, or broken
        return True


async def sign_off_of(desk: Desk, version: dict[str, Any], caller: Caller) -> SignOff | None:
    """Return what a reviewer has said of a version; None where nobody was asked.

    A review of another version, or of other bytes, is none of this one: the record of a version names its own.
    """
    review = version["review"]
    if review is None or review["sha256"] != version["sha256"]:
        return None
    try:
        state = await desk.context.reviews.state(caller.principal, review["id"])
    except NotFound:
        return None
    status = _STATUSES.get(state.status, "refused")
    return SignOff.model_validate(
        {"review": review["id"], "status": status, "by": state.by, "at": state.at, "reason": state.reason}
    )
