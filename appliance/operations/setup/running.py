"""Do what a file of answers says, step by step; done again it goes on where it stopped."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ConfigError, Conflict, PreflightError
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations import packages
from appliance.operations.accounts import add_user, list_users
from appliance.operations.doctor import Check, examine_machine
from appliance.operations.doctor.folders import check_ports
from appliance.operations.doctor.tls import check_tls
from appliance.operations.nodes.joining import Joined
from appliance.operations.nodes.worker_files import remove_worker_files
from appliance.operations.setup.answers import Answers, absolute
from appliance.operations.setup.checking import check_answers, password_of, still_there, trace_of
from appliance.operations.setup.joining_in import join_in
from appliance.operations.setup.journal import ADMINISTRATOR, PLAN, SITE, Steps, set_damaged_aside
from appliance.operations.setup.site_writing import foresee, put_plan, write_site
from appliance.operations.starting_lock import only_setup, runs
from appliance.operations.tour import Tour
from appliance.operations.up import bring_up
from appliance.packages.signed.store import Release
from appliance.state.accounts.fields import user_name


def check_machine(home: Home, site: SiteConfig) -> Iterator[Check]:
    """Yield what is looked at before anything is changed: the machine as `appliance doctor` sees it, ports, TLS."""
    yield from examine_machine(home, site)
    if not runs(home):
        yield from check_ports(home, site)
    yield check_tls(home, site)


def set_up(
    home: Home, answers: Answers, password: str | None = None, *, file: Path | None = None
) -> Iterator[Progress | Tour | Joined]:
    """Do everything that the answers say; yield each step's news, at the end the tour, or the node that it is now.

    `password` is the administrator's, where no file has it; `file` is where the answers stand: a join token that is
    spent is taken out of it. What was done before, and is there still, is not done again. Raises the error tree; the
    steps that were done stay done.
    """
    answers = absolute(answers)
    check_answers(home, answers, Steps.of(home, answers), password)
    home.create()
    with only_setup(home):
        kept = set_damaged_aside(home)
        steps = Steps.of(home, answers)
        if kept is not None:
            steps.begin()
            yield _damaged(kept)
        if answers.join is not None:
            yield from join_in(home, answers.join, steps, file)
        else:
            yield from _install(home, answers, steps, password)
        steps.forget()


def _damaged(kept: Path) -> Progress:
    told = _("what was written down is damaged and kept as {file}; every step looks for itself", file=kept)
    return Progress("setup.journal", _("Read how far the first start had come"), "done", told)


def _install(home: Home, answers: Answers, steps: Steps, password: str | None) -> Iterator[Progress | Tour]:
    _check_own(home)
    yield from _checked(home, answers.site_config())
    if not _has(home, steps, PLAN):
        yield from foresee(home, answers)
    yield from _once(home, steps, SITE, _("Write the site file"), partial(_write_site, home, answers, steps))
    site = load_site(home.site_file)
    for file in answers.trust:
        title = _("Trust the key {file}", file=file.name)
        yield from _once(home, steps, f"trust {file}", title, partial(_trust, home, site, file))
    for file in answers.packages:
        yield from _package(steps, home, site, file)
    if answers.users is not None and _has(home, steps, PLAN):
        yield Progress(f"setup.{PLAN}", _("Plan for {users} people at once", users=answers.users), "skipped")
    elif answers.users is not None:
        yield from put_plan(home, answers, steps)
        site = load_site(home.site_file)
    if answers.administrator is not None:
        title = _("Add the administrator {name}", name=answers.administrator.name)
        work = partial(_add_administrator, home, site, answers, password)
        yield from _once(home, steps, ADMINISTRATOR, title, work)
    yield from bring_up(home, site)


def _has(home: Home, steps: Steps, step: str) -> bool:
    """Tell whether a step was done and is there still, by the site file that was written."""
    return steps.has(step) and home.site_file.is_file() and still_there(home, load_site(home.site_file), steps, step)


def _once(home: Home, steps: Steps, step: str, title: Message, work: "partial[Sequence[str]]") -> Iterator[Progress]:
    name = f"setup.{step}"
    if _has(home, steps, step):
        yield Progress(name, title, "skipped")
        return
    yield Progress(name, title)
    steps.did(step, work())
    yield Progress(name, title, "done")


def _check_own(home: Home) -> None:
    """Raise `ConfigError` in the home of a node; what a join that was broken off has left goes."""
    membership = read_membership(home)
    if membership is not None and membership.state == "joined":
        raise ConfigError(
            _("This machine is the node {name} of {head}.", name=membership.name, head=membership.head.address),
            _("Remove it there with `appliance node remove {name}` first, or name another home.", name=membership.name),
        )
    if membership is not None:
        remove_worker_files(home)


def _checked(home: Home, site: SiteConfig) -> Iterator[Progress]:
    title = _("Check this machine")
    yield Progress("setup.checks", title)
    found = list(check_machine(home, site))
    failed = [check for check in found if check.state == "failed"]
    if failed:
        raise PreflightError(
            _("This machine cannot run the appliance: {title}: {found}.", title=failed[0].title, found=failed[0].found),
            failed[0].remedy,
        )
    warnings = [check for check in found if check.state == "warning"]
    detail = _("{title}: {found}", title=warnings[0].title, found=warnings[0].found) if warnings else None
    yield Progress("setup.checks", title, "done", detail)


def _write_site(home: Home, answers: Answers, steps: Steps) -> Sequence[str]:
    write_site(home, answers, steps)
    return ()


def _trust(home: Home, site: SiteConfig, file: Path) -> Sequence[str]:
    return (packages.trust(home, site, file).key_id,)


def _package(steps: Steps, home: Home, site: SiteConfig, file: Path) -> Iterator[Progress]:
    step = f"package {file}"
    if _has(home, steps, step):
        yield Progress(f"setup.{step}", _("Install {file}", file=file.name), "skipped")
        return
    came = []
    for news in packages.install(home, site, file, again=True):
        if isinstance(news, Progress):
            yield replace(news, step=f"{news.step} {news.title}")  # each of several has its own line
        elif isinstance(news, Release):
            came.append(trace_of(news))
    steps.did(step, came)


def _add_administrator(home: Home, site: SiteConfig, answers: Answers, password: str | None) -> Sequence[str]:
    who = answers.administrator
    assert who is not None
    name = user_name(who.name)
    there = next((user for user in list_users(home, site) if user.name == name), None)
    if there is None:
        add_user(home, site, name, password_of(who, password), display=who.title, role="admin")
    elif there.role != "admin":
        raise Conflict(
            _("{name} is there already, and is no administrator.", name=name),
            _("Name another administrator in the answers."),
            code="name_taken",
        )
    return (name,)


def worst_first(checks: Sequence[Check]) -> list[Check]:
    """Return checks with those first that need something to be done."""
    order = {"failed": 0, "warning": 1, "unknown": 2, "ok": 3}
    return sorted(checks, key=lambda check: order[check.state])
