"""The site file of a first start: written from the answers, and with what the plan decides."""

from collections.abc import Iterator
from typing import Any, Final

from appliance.catalogue.model import ModelEntry
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ApplianceError, ApprovalNeeded, ConfigError, Conflict, NotFound, PackageError
from appliance.core.files import write_durably
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations.plan_applying import PLANNED_OF_ENGINE, apply_change, change_to, check_applicable
from appliance.operations.planning import PlanRequest, plan_site
from appliance.operations.setup.answers import Answers, Level
from appliance.operations.setup.finding import model_entry
from appliance.operations.setup.journal import PLAN, Steps

_NO_PLAN: Final = (ApprovalNeeded, ConfigError, Conflict, NotFound, PackageError)
"""Why there is no plan to put in: the appliance starts without one."""


def write_site(home: Home, answers: Answers, steps: Steps) -> None:
    """Write the site file, also over one that a first start here has written.

    One that says the same, but for what a plan decides, stays. Raises `Conflict` where another one is there.
    """
    text = answers.site_text()
    if home.site_file.exists() and not steps.wrote_site(home.site_file.read_bytes()):
        if says_same(home, answers):
            return
        raise Conflict(
            _("{file} is there already and says something else.", file=home.site_file),
            _("Take its settings into the answers, or move it away, then go on."),
            code="site_file_there",
        )
    steps.will_write_site(text)
    write_durably(home.site_file, text.encode(), 0o600)


def says_same(home: Home, answers: Answers) -> bool:
    """Tell whether the site file says what the answers do, but for what a plan of theirs decides."""
    found, wanted = load_site(home.site_file), answers.site_config()
    return found == wanted or (answers.users is not None and _unplanned(found) == _unplanned(wanted))


def foresee(home: Home, answers: Answers) -> Iterator[Progress]:
    """Say, before anything is written, whether so many people will be served, as far as the models are known."""
    if answers.users is None:
        return
    name, title = "setup.foresee", _("Look whether it serves {users} people at once", users=answers.users)
    yield Progress(name, title)
    detail: Message | None = None
    try:
        here = [file for file in answers.packages if file.is_file()]  # of the others the model is installed
        coming = tuple(entry for file in here if (entry := model_entry(home, file)) is not None)
        check_applicable(plan_site(home, answers.site_config(), _request(answers, coming)))
    except NotFound:  # a model in a file of several packages, or of a package that nobody named
        detail = _("its packages tell, once they are installed")
    except (Conflict, PackageError) as error:
        detail = _reason(error)
    yield Progress(name, title, "done", detail)


def put_plan(home: Home, answers: Answers, steps: Steps) -> Iterator[Progress]:
    """Put the plan into the site file; one that does not fit leaves it as it was, which is said and stops nothing."""
    name, title = f"setup.{PLAN}", _("Plan for {users} people at once", users=answers.users or 0)
    yield Progress(name, title)
    site = load_site(home.site_file)
    try:
        change = change_to(home, site, plan_site(home, site, _request(answers)))
        steps.will_write_site(change.text)
        apply_change(home, site, change)
    except _NO_PLAN as error:
        yield Progress(name, title, "done", _reason(error))  # not written down: the next run looks again
        return
    steps.did(PLAN)
    yield Progress(name, title, "done")


def _request(answers: Answers, coming: tuple[ModelEntry, ...] = ()) -> PlanRequest:
    level = answers.level or Level()
    return PlanRequest(users=answers.users, coming=coming, choose=True, **level.model_dump())


def _reason(error: ApplianceError) -> Message:
    return _("the site file stays without a plan: {reason} `level` in the answers asks for less.", reason=error.message)


def _unplanned(site: SiteConfig) -> dict[str, Any]:
    settings = site.model_dump()
    for model in settings["models"].values():
        model.pop("replicas")
        model["engine"] = {key: value for key, value in model["engine"].items() if key not in PLANNED_OF_ENGINE}
    return settings
