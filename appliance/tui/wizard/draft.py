"""What has been answered so far, and the answers that it makes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from appliance.config.site import SiteConfig
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
    administrator: str = ""
    title: str = ""
    password: str = field(default="", repr=False)
    folder: str = ""
    packages: tuple[Path, ...] = ()
    trust: tuple[Path, ...] = ()
    general: str | None = None
    """Name of the model package behind the alias `general`; None: the base model that comes with the appliance."""
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
        if self.cluster_address != "127.0.0.1":
            settings["cluster"] = {"address": self.cluster_address}
        if self.general is not None:
            settings["models"] = {"general": {"package": self.general}}
        return settings
