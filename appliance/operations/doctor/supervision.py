"""Whether what runs on this node is watched, and what had to be started again."""

from collections.abc import Iterator

from appliance.cluster.instance import read_instance
from appliance.cluster.supervision import SUPERVISOR_LOG, PartState
from appliance.config.home import Home
from appliance.core.messages import Message, _
from appliance.operations.doctor.check import Check
from appliance.operations.supervised import live_supervision


def check_supervision(home: Home) -> Iterator[Check]:
    """Yield one check where the appliance was started here and not stopped; otherwise nothing."""
    if read_instance(home.instance_file) is None:
        return
    title = _("Supervisor of this node")
    told = live_supervision(home)
    if told is None:
        remedy = _("Run `appliance down`, then `appliance up`; or `systemctl restart appliance`.")
        yield Check("supervision", title, "failed", _("It has ended: what dies is not started again."), remedy)
        return
    restless = [part for part in told.parts if part.restarts or part.pid is None]
    if not restless:
        yield Check("supervision", title, "ok", _("everything runs, nothing was started again in the last 10 minutes"))
        return
    worst = max(restless, key=lambda part: (part.pid is None, part.restarts))
    remedy = _("Read {log} and the logs beside it.", log=home.logs / SUPERVISOR_LOG)
    yield Check("supervision", title, "warning", restarts_in_words(worst), remedy)


def restarts_in_words(part: PartState) -> Message:
    """Return what is the matter with a part that does not run, or that was started again."""
    reason = part.last_failure or "–"
    if part.pid is None:
        return _("{name} does not run and is tried again: {reason}", name=part.name, reason=reason)
    return _(
        "{name}: restarts in the last 10 minutes: {count}; the last failure: {reason}",
        name=part.name, count=part.restarts, reason=reason,
    )  # fmt: skip
