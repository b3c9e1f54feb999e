"""What has been answered so far, and the answers that it makes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from appliance.config.site import SiteConfig
from appliance.operations.setup.aliases import GENERAL
from appliance.operations.setup.answers import Administrator, Answers, JoinAnswers


@dataclass(frozen=True)
class Draft:
    """The fields of all pages; the password stands in no file."""

    language: Literal["en", "zh_CN"] = "en"
    role: Literal["first", "join"] = "first"
    head: str = ""
    token: str = field(default="", repr=False)
    node_name: str = ""
    host: str = "127.0.0.1"
    port: int = 8080
    cluster_address: str = "127.0.0.1"
    tls: Literal["own", "files", "none"] | None = None
    """TLS for callers; None: not asked yet, by the address."""
    names: tuple[str, ...] = ()
    """Names that callers use."""
    certificate: str = ""
    key: str = ""
    administrator: str = ""
    title: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    folder: str = ""
    packages: tuple[Path, ...] = ()
    trust: tuple[Path, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    """Alias and package of each chosen model; where none is `general`, that is the base model's."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Package and alias of those whose alias was given by hand."""
    users: int = 20
    plan_for_users: bool = False
    """Whether the plan for so many people goes into the site file."""

    def answers(self) -> Answers:
        """Return the answers. Raises `pydantic.ValidationError` where a page let something through."""
        if self.role == "join":
            asked = JoinAnswers(head=self.head, token=self.token, name=self.node_name or None)
            return Answers(language=self.language, role="join", join=asked)
        administrator = Administrator(name=self.administrator, title=self.title) if self.administrator else None
        return Answers(
            language=self.language,
            site=self.site(),
            administrator=administrator,
            trust=self.trust,
            packages=self.packages,
            users=self.users if self.plan_for_users else None,
        )

    def config(self) -> SiteConfig:
        """Return the site file as it would be. Raises `ConfigError`."""
        return Answers(language=self.language, site=self.site()).site_config()

    def site(self) -> dict[str, Any]:
        """Return the settings that differ from the defaults."""
        settings: dict[str, Any] = {}
        if (self.host, self.port) != ("127.0.0.1", 8080):
            settings["gateway"] = {"host": self.host, "port": self.port}
        if self.tls in ("own", "files"):
            files = {"certificate": self.certificate, "key": self.key} if self.tls == "files" else {}
            names = {"names": list(self.names)} if self.names else {}
            settings.setdefault("gateway", {})["tls"] = files | names
        if self.cluster_address != "127.0.0.1":
            settings["cluster"] = {"address": self.cluster_address}
        if self.models:
            named = {GENERAL: "base"} | dict(self.models)
            settings["models"] = {alias: {"package": package} for alias, package in named.items()}
        return settings
