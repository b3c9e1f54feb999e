"""What the first start must be told, as the wizard asks for it and as a file that a script can write."""

from pathlib import Path
from typing import Any, Final, Literal, Self

import yaml
from pydantic import Field, model_validator

from appliance.config.section import Section
from appliance.config.site import SiteConfig, parse_as, parse_site
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.core.units import MIB
from appliance.core.validation import Fault

LARGEST: Final = MIB
_HEAD: Final = {
    "en": "# Answers of the first start: `appliance up --answers FILE` does the same again on another machine.",
    "zh_CN": "# 首次启动的应答文件：在其他机器上运行 `appliance up --answers 文件` 可重复同样的安装。",
}


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

    @model_validator(mode="after")
    def _role_fits(self) -> Self:
        if (self.role == "join") != (self.join is not None):
            raise Fault(_("`join` goes with `role: join`, and with nothing else"))
        if self.role == "join" and (self.site or self.administrator or self.packages or self.users):
            raise Fault(_("a node that joins takes its settings, packages and people from the first node"))
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
    answers = parse_as(Answers, text, str(file), _("docs/install.md shows a whole file."))
    answers.site_config()
    return _below(answers, file.absolute().parent)


def write_answers(file: Path, answers: Answers) -> None:
    """Write a file of answers, readable by its owner alone: it may hold a token. Raises `DiskFull`."""
    values = answers.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump({"answers": 1, "language": answers.language} | values, allow_unicode=True, sort_keys=False)
    write_durably(file, f"{_HEAD[answers.language]}\n{text}".encode(), 0o600)


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
