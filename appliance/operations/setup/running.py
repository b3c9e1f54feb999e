"""Do what a file of answers says, step by step; done again it goes on where it stopped."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ConfigError, Conflict, PreflightError
from appliance.core.files import write_durably
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.operations import packages
from appliance.operations.accounts import add_user, list_users
from appliance.operations.doctor import Check
from appliance.operations.doctor.accelerators import check_accelerators
from appliance.operations.doctor.folders import check_home, check_ports
from appliance.operations.doctor.machine import check_limits, check_resources
from appliance.operations.nodes import joining
from appliance.operations.nodes.starting import start_node
from appliance.operations.plan_applying import apply_change, change_to
from appliance.operations.planning import PlanRequest, plan_site
from appliance.operations.setup.answers import Answers, JoinAnswers
from appliance.operations.setup.journal import ADMINISTRATOR, Steps
from appliance.operations.starting_lock import runs
from appliance.operations.tour import Tour
from appliance.operations.up import bring_up

_LONGEST_SECRET: Final = 4096


def check_machine(home: Home, site: SiteConfig) -> Iterator[Check]:
    """Yield what is looked at before anything is changed: memory, disk, cards and drivers, limits, clock, ports."""
    facts = discover(folders=(home.root,))
    yield from check_resources(facts)
    yield from check_accelerators(facts, site, installed_engine())
    yield from check_limits()
    yield from check_home(home)
    if not runs(home):
        yield from check_ports(home, site)


def set_up(home: Home, answers: Answers, password: str | None = None) -> Iterator[Progress | Tour]:
    """Do everything that the answers say, and start the appliance; yield each step's news, at the end the tour.

    `password` is the administrator's, where no file has it. What was done before is not done again. Raises the error
    tree; the steps that were done stay done.
    """
    if answers.join is not None:
        yield from _join(home, answers.join)
        return
    steps = Steps.of(home, answers)
    _check_files(answers, steps, password)
    home.create()
    yield from _checked(home, answers.site_config())
    write = partial(_write_site, home, answers, begun=bool(steps.journal.done))
    yield from _once(steps, "site", _("Write the site file"), write)
    site = load_site(home.site_file)
    for file in answers.trust:
        title = _("Trust the key {file}", file=file.name)
        yield from _once(steps, f"trust {file}", title, partial(_trust, home, site, file))
    for file in answers.packages:
        yield from _package(steps, home, site, file)
    if answers.users is not None:
        title = _("Plan for {users} people at once", users=answers.users)
        yield from _once(steps, "plan", title, partial(_plan, home, answers.users))
        site = load_site(home.site_file)
    if answers.administrator is not None:
        title = _("Add the administrator {name}", name=answers.administrator.name)
        yield from _once(steps, ADMINISTRATOR, title, partial(_add_administrator, home, site, answers, password))
    yield from bring_up(home, site)
    steps.forget()


def _once(steps: Steps, step: str, title: Message, work: "partial[None]") -> Iterator[Progress]:
    name = f"setup.{step}"
    if steps.has(step):
        yield Progress(name, title, "skipped")
        return
    yield Progress(name, title)
    work()
    steps.did(step)
    yield Progress(name, title, "done")


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


def _check_files(answers: Answers, steps: Steps, password: str | None) -> None:
    """Raise `ConfigError` before anything is done for files that are not there, and for a password that is missing.

    What was done needs neither any more: the stick may be gone.
    """
    needed = {f"trust {file}": file for file in answers.trust} | {f"package {file}": file for file in answers.packages}
    for step, file in needed.items():
        if not steps.has(step) and not file.is_file():
            raise ConfigError(_("There is no file {path}.", path=file), _("Correct the answers, or bring the file."))
    who = None if steps.has(ADMINISTRATOR) else answers.administrator
    if who is not None and who.password_file is None and password is None:
        raise ConfigError(
            _("The administrator {name} has no password.", name=who.name),
            _("Write it into a file of mode 0600 and name that as administrator.password_file."),
        )
    if who is not None and who.password_file is not None:
        _secret(who.password_file)


def _write_site(home: Home, answers: Answers, *, begun: bool) -> None:
    """Write the site file. Raises `Conflict` where another one is there that nobody gave here."""
    wanted = answers.site_config()
    if home.site_file.exists() and not begun:
        if load_site(home.site_file) == wanted:
            return
        raise Conflict(
            _("{file} is there already and says something else.", file=home.site_file),
            _("Take its settings into the answers, or move it away, then go on."),
            code="site_file_there",
        )
    write_durably(home.site_file, answers.site_text().encode(), 0o600)


def _trust(home: Home, site: SiteConfig, file: Path) -> None:
    packages.trust(home, site, file)


def _package(steps: Steps, home: Home, site: SiteConfig, file: Path) -> Iterator[Progress]:
    step = f"package {file}"
    if steps.has(step):
        yield Progress(f"setup.{step}", _("Install {file}", file=file.name), "skipped")
        return
    for news in packages.install(home, site, file):
        if isinstance(news, Progress):
            yield news
    steps.did(step)


def _plan(home: Home, users: int) -> None:
    site = load_site(home.site_file)
    change = change_to(home, site, plan_site(home, site, PlanRequest(users=users, choose=True)))
    apply_change(home, site, change)


def _add_administrator(home: Home, site: SiteConfig, answers: Answers, password: str | None) -> None:
    who = answers.administrator
    assert who is not None
    if any(user.name == who.name for user in list_users(home, site)):
        return
    given = password if who.password_file is None else _secret(who.password_file)
    assert given is not None, "looked for before anything is done"
    add_user(home, site, who.name, given, display=who.title, role="admin")


def _join(home: Home, wish: JoinAnswers) -> Iterator[Progress]:
    token = wish.token or _secret(wish.token_file or Path())
    asked = joining.JoinWish(wish.head, token, wish.name, wish.address, wish.labels)
    for news in joining.join(home, asked, start_node):
        if isinstance(news, Progress):
            yield news


def _secret(file: Path) -> str:
    """Return the first line of a file. Raises `ConfigError`."""
    line = next(iter(_text(file).splitlines()), "")
    if not line:
        raise ConfigError(_("The file {file} is empty.", file=file), _("Write the secret into its first line."))
    return line


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(_LONGEST_SECRET)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The file {file} cannot be read: {reason}.", file=file, reason=error),
            _("Check that it is there, is UTF-8 text and may be read by the service."),
        ) from error


def worst_first(checks: Sequence[Check]) -> list[Check]:
    """Return checks with those first that need something to be done."""
    order = {"failed": 0, "warning": 1, "unknown": 2, "ok": 3}
    return sorted(checks, key=lambda check: order[check.state])
