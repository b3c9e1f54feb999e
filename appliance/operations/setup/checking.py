"""What is looked at before a first start changes anything, and whether what was done is there still."""

import sys
from pathlib import Path
from typing import Final

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.operations import packages
from appliance.operations.accounts import list_users
from appliance.operations.nodes.joining import can_go_on
from appliance.operations.setup.answers import Administrator, Answers, JoinAnswers
from appliance.operations.setup.journal import ADMINISTRATOR, PLAN, SITE, Steps
from appliance.packages.signed.store import Release
from appliance.state.accounts.fields import display_name, user_name
from appliance.state.accounts.passwords import Passwords
from appliance.state.nodes import read_token

_LONGEST_SECRET: Final = 4096


def check_answers(home: Home, answers: Answers, steps: Steps, password: str | None) -> None:
    """Raise for files that are not there and for a name or a password that cannot be, before anything is done.

    What was done needs them no more: the stick may be gone. Raises `ConfigError`, `InvalidRequest`.
    """
    if answers.join is not None:
        _check_join(home, answers.join)
        return
    site = answers.site_config()
    needed = {f"trust {file}": file for file in answers.trust} | {f"package {file}": file for file in answers.packages}
    for step, file in needed.items():
        if not still_there(home, site, steps, step) and not file.is_file():
            raise ConfigError(_("There is no file {path}.", path=file), _("Correct the answers, or bring the file."))
    if answers.administrator is not None and not still_there(home, site, steps, ADMINISTRATOR):
        _check_administrator(answers.administrator, password)


def still_there(home: Home, site: SiteConfig, steps: Steps, step: str) -> bool:
    """Tell whether a step was done, and what came of it is there: a journal alone skips nothing."""
    if not steps.has(step):
        return False
    came = steps.came_of(step)
    if step in (SITE, PLAN):
        return home.site_file.is_file()
    if step == ADMINISTRATOR:
        return bool(came) and set(came) <= {user.name for user in list_users(home, site)}
    if step.startswith("trust "):
        return bool(came) and set(came) <= set(packages.trusted(home))
    return bool(came) and all(_in_use(home, one) for one in came)


def trace_of(release: Release) -> str:
    """Return what tells that a release was installed."""
    return f"{release.manifest.kind}/{release.manifest.name}/{release.manifest.release_counter}"


def password_of(who: Administrator, password: str | None) -> str:
    """Return the password of the administrator: that of the file where one is named. Raises `ConfigError`."""
    given = password if who.password_file is None else secret_of(who.password_file)
    if given is None:
        raise ConfigError(
            _("The administrator {name} has no password.", name=who.name),
            _("Write it into a file of mode 0600 and name that as administrator.password_file."),
        )
    return given


def token_of(wish: JoinAnswers) -> str:
    """Return the join token. Raises `ConfigError`."""
    return wish.token or secret_of(wish.token_file or Path())


def secret_of(file: Path) -> str:
    """Return the first line of a file. Raises `ConfigError`."""
    try:
        with file.open(encoding="utf-8") as opened:
            lines = opened.read(_LONGEST_SECRET).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The file {file} cannot be read: {reason}.", file=file, reason=error),
            _("Check that it is there, is UTF-8 text and may be read by the service."),
        ) from error
    if not lines or not lines[0]:
        raise ConfigError(_("The file {file} is empty.", file=file), _("Write the secret into its first line."))
    return lines[0]


def _check_join(home: Home, wish: JoinAnswers) -> None:
    membership = read_membership(home)
    if (membership is None or membership.state != "joined") and not can_go_on(home):
        read_token(token_of(wish))


def _check_administrator(who: Administrator, password: str | None) -> None:
    name = user_name(who.name)
    display_name(who.title, name)
    Passwords().check(name, password_of(who, password))
    if who.password_file is not None and who.password_file.stat().st_mode & 0o077:
        raise ConfigError(
            _("Others may read the password in {file}.", file=who.password_file),
            _("Run `chmod 600 {file}`; from a stick that knows no modes copy it first.", file=who.password_file),
        )


def _in_use(home: Home, trace: str) -> bool:
    """Tell whether a release, or a newer one of its package, is in use."""
    name, _slash, counter = trace.rpartition("/")
    found = (one.manifest for one in packages.installed(home) if one.current)
    least = int(counter) if counter.isdecimal() else sys.maxsize
    return any(f"{one.kind}/{one.name}" == name and one.release_counter >= least for one in found)
