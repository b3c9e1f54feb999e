"""What the first start must be told, as the wizard asks for it and as a file that a script can write."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, Self

import yaml
from pydantic import Field, model_validator

from appliance.config.section import Section
from appliance.config.site import SiteConfig, parse_as, parse_site
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import LANGUAGES, Message, _
from appliance.core.units import MIB
from appliance.core.validation import Fault

LARGEST: Final = MIB
HEADING: Final = _("Answers of the first start: `appliance up --answers FILE` does the same again on another machine.")
"""First line of a file that was written here; by it such a file is known again."""
_NEXT_TOKEN: Final = Path("token")


class JoinAnswers(Section):
    """The appliance that this machine becomes a node of."""

    head: str = Field(min_length=1)
    """HOST or HOST:PORT of the first node."""
    token: str = ""
    """The token that `appliance node token create` printed there."""
    token_file: Path | None = None
    """A file that holds the token, in place of `token`."""
    name: str | None = None
    """This node's name; by default the machine's."""
    address: str | None = None
    """This node's address as the others reach it; by default the one towards the head."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the node, by which models choose their machines."""

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if bool(self.token) == (self.token_file is not None):
            raise Fault(_("give one of {names}", names="token, token_file"))
        return self


class Administrator(Section):
    """Who signs in first."""

    name: str = Field(min_length=1, max_length=64)
    """The name to sign in with."""
    title: str = ""
    """The name as people read it."""
    password_file: Path | None = None
    """A file whose first line is the password. The wizard asks for it instead: no password stands in this file."""


class Level(Section):
    """What each of `users` is to get; what is not given is as `appliance plan` has it."""

    ttft_ms: float | None = Field(default=None, gt=0)
    """Longest time to the first token, in milliseconds."""
    tokens_per_s: float | None = Field(default=None, gt=0)
    """Tokens a second that each answer is written with."""
    prompt_tokens: int | None = Field(default=None, ge=1)
    """Tokens of a prompt with its history and passages."""
    answer_tokens: int | None = Field(default=None, ge=1)
    """Tokens of an answer."""


class Answers(Section):
    """The whole file."""

    answers: Literal[1] = 1
    """Version of the form."""
    language: Literal["en", "zh_CN"] = "en"
    """Language of the appliance where the reader names none."""
    role: Literal["first", "join"] = "first"
    """first: this machine is the appliance; join: it becomes a node of one."""
    join: JoinAnswers | None = None
    """Must be given with `role: join`, and only then."""
    site: dict[str, Any] = Field(default_factory=dict)
    """Settings of the site file; what is not there has its default."""
    administrator: Administrator | None = None
    """Somebody who signs in with a password, as admin."""
    trust: tuple[Path, ...] = ()
    """Public keys whose packages are taken."""
    packages: tuple[Path, ...] = ()
    """Signed packages that are installed, in this order."""
    users: int | None = Field(default=None, ge=1, le=1_000_000)
    """People at once that the plan is made for, and put into the site file; null: the site file stays as given."""
    level: Level | None = None
    """The service level of the plan; goes with `users`."""

    @model_validator(mode="after")
    def _role_fits(self) -> Self:
        if (self.role == "join") != (self.join is not None):
            raise Fault(_("`join` goes with `role: join`, and with nothing else"))
        if self.role == "join" and (self.site or self.administrator or self.packages or self.users):
            raise Fault(_("a node that joins takes its settings, packages and people from the first node"))
        if self.level is not None and self.users is None:
            raise Fault(_("`level` goes with `users`, and with nothing else"))
        return self

    def site_config(self) -> SiteConfig:
        """Return the settings, checked. Raises `ConfigError`."""
        return parse_site(self.site_text(), "site")

    def site_text(self) -> str:
        """Return the site file's text."""
        settings = {"language": self.language} | self.site
        return yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)


def read_answers(file: Path) -> Answers:
    """Read a file of answers; its relative paths are below its own folder. Raises `ConfigError`, naming every fault."""
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigError(
                _("The answers {file} cannot be read: {reason}.", file=file, reason=_("it is too large")),
                _("Name the file that the wizard wrote, or one like it."),
            )
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("The answers {file} cannot be read: {reason}.", file=file, reason=error),
            _("Name the file that the wizard wrote, or one like it."),
        ) from error
    answers = _parsed(file, text)
    answers.site_config()
    return _below(answers, file.absolute().parent)


def write_answers(file: Path, answers: Answers) -> None:
    """Write a file of answers, readable by its owner alone: it may hold a token. Raises `DiskFull`."""
    _keep_damaged(file)
    answers = absolute(answers)
    values = answers.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump({"answers": 1, "language": answers.language} | values, allow_unicode=True, sort_keys=False)
    if _lacks_password(answers):
        text = text.replace("\nadministrator:\n", "\nadministrator:\n  # password_file: password\n", 1)
    lines = [f"# {line.render(answers.language)}" for line in (HEADING, *_other_elsewhere(answers))]
    write_durably(file, "\n".join([*lines, text]).encode(), 0o600)


def forget_token(file: Path) -> None:
    """Take the join token, which is spent, out of a file of answers: it names a file for the next one then.

    What else is written there stays. Raises `ConfigError` where it cannot be written, as on a stick that is locked.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        answers = _parsed(file, text)
        if answers.join is None or not answers.join.token:
            return
        token = answers.join.token
        named = rf"""(["']?)token\1\s*:\s*(["']?){re.escape(token)}\2"""
        changed = re.sub(named, f"token_file: {_NEXT_TOKEN}", text)
        if token not in changed:
            write_durably(file, changed.encode(), 0o600)
            return
        join = answers.join.model_copy(update={"token": "", "token_file": _NEXT_TOKEN})
        write_answers(file, _below(answers.model_copy(update={"join": join}), file.absolute().parent))
    except OSError as error:
        raise ConfigError(
            _("The token cannot be taken out of {file}: {reason}.", file=file, reason=error.strerror),
            _("It is spent and good for nothing; take it out by hand."),
        ) from error


def is_written_here(file: Path) -> bool:
    """Tell whether a file is one that `write_answers` has written; damaged or not."""
    heads = tuple(f"# {HEADING.render(language)}".encode() for language in LANGUAGES)
    try:
        with file.open("rb") as opened:
            return opened.readline(1000).startswith(heads)
    except OSError:
        return False


def absolute(answers: Answers) -> Answers:
    """Return answers whose paths hold from every folder; relative ones are below the present one."""
    return _below(answers, Path.cwd())


def _keep_damaged(file: Path) -> None:
    """Keep a file that cannot be read as answers under another name, before it is written over."""
    try:
        read_answers(file)
    except ConfigError:
        if file.is_file():
            file.replace(file.with_name(f"{file.name}.damaged"))


def _lacks_password(answers: Answers) -> bool:
    return answers.administrator is not None and answers.administrator.password_file is None


def _other_elsewhere(answers: Answers) -> Iterator[Message]:
    """Yield what of the answers is missing, or holds for this machine alone."""
    if _lacks_password(answers):
        yield _("The password is missing: write one into a file of mode 0600, and name that as password_file below.")
    if answers.trust or answers.packages:
        yield _("Keys and packages are named by where they were on this machine: bring them, and correct the paths.")
    if answers.site:
        yield _("Addresses, names and certificates in `site` are those of this machine.")
    if answers.join is not None:
        yield _("A token is good once; each machine needs one, and a name, of its own.")


def _parsed(file: Path, text: str) -> Answers:
    return parse_as(Answers, text, str(file), _("docs/install.md shows a whole file."))


def _below(answers: Answers, folder: Path) -> Answers:
    changes: dict[str, object] = {
        "trust": tuple(folder / path for path in answers.trust),
        "packages": tuple(folder / path for path in answers.packages),
    }
    if answers.administrator is not None and answers.administrator.password_file is not None:
        file = folder / answers.administrator.password_file
        changes["administrator"] = answers.administrator.model_copy(update={"password_file": file})
    if answers.join is not None and answers.join.token_file is not None:
        changes["join"] = answers.join.model_copy(update={"token_file": folder / answers.join.token_file})
    return answers.model_copy(update=changes)
