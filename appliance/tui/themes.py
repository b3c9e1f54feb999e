"""The appliance's own colours, few, so that a colour means something; and which of them a person chose last."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from textual import work
from textual.theme import Theme

from appliance.core.errors import DiskFull
from appliance.core.files import write_durably
from appliance.core.messages import Message, _
from appliance.tui.crash import GuardedApp
from appliance.tui.local import in_thread
from appliance.tui.styles import SteadyStylesheet

_Result = TypeVar("_Result")

DARK = Theme(
    name="appliance-dark",
    primary="#6ba6d6",
    secondary="#8fb8a8",
    accent="#6ba6d6",
    success="#78b88a",
    warning="#d9b35c",
    error="#e07a72",
    foreground="#d4dae1",
    background="#0f1318",
    surface="#141a21",
    panel="#1b232c",
    dark=True,
    variables={
        "footer-key-foreground": "#6ba6d6",
        "footer-background": "#141a21",
        "footer-description-background": "#141a21",
        "footer-item-background": "#141a21",
    },
)

CONTRAST = Theme(
    name="appliance-high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffff00",
    success="#00ff66",
    warning="#ffcc00",
    error="#ff6666",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    variables={
        "footer-key-foreground": "#ffff00",
        "footer-background": "#000000",
        "footer-description-background": "#000000",
        "footer-item-background": "#000000",
    },
)

LIGHT = Theme(
    name="appliance-light",
    primary="#2b6ca3",
    secondary="#2f7a66",
    accent="#2b6ca3",
    success="#2f7d46",
    warning="#8f6400",
    error="#b3352c",
    foreground="#1d242b",
    background="#f7f8fa",
    surface="#eef1f4",
    panel="#e2e7ec",
    dark=False,
)


@dataclass(frozen=True)
class Colours:
    """A theme and what people call it."""

    theme: Theme
    name: Message


THEMES: Final[dict[str, Colours]] = {
    "dark": Colours(DARK, _("Dark")),
    "light": Colours(LIGHT, _("Light")),
    "high-contrast": Colours(CONTRAST, _("High contrast")),
}
"""The themes by the name that `--theme` takes; the first is that of who chose none."""


class ThemeMemory:
    """The small file of one person (mode 0600) that says which theme was chosen last. It is no part of a home."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> "ThemeMemory":
        """Return that of the user: below `XDG_CONFIG_HOME`, or `~/.config`."""
        base = Path(environment.get("XDG_CONFIG_HOME", ""))
        folder = base if base.is_absolute() else Path(environment.get("HOME", "/")) / ".config"
        return cls(folder / "llm-appliance" / "terminal.json")

    def read(self) -> str:
        """Return what was chosen, one of `THEMES`; the first where nothing is known, or nothing can be read."""
        try:
            chosen = json.loads(self.file.read_text(encoding="utf-8"))["theme"]
        except (OSError, ValueError, KeyError, TypeError):
            chosen = None
        return chosen if isinstance(chosen, str) and chosen in THEMES else next(iter(THEMES))

    def write(self, name: str) -> bool:
        """Keep what was chosen; tell whether that could be done."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self.file, json.dumps({"theme": name}).encode())
        except (OSError, DiskFull):
            return False
        return True


class ThemedApp(GuardedApp[_Result]):
    """An app with the appliance's themes and no other. It keeps what is chosen in `memory`, if it was given one."""

    language: str

    def __init__(self, theme: str | None = None, memory: ThemeMemory | None = None) -> None:
        super().__init__()
        self._memory = memory
        for colours in THEMES.values():
            self.register_theme(colours.theme)
        self.theme = THEMES[theme or next(iter(THEMES))].theme.name
        self.stylesheet = SteadyStylesheet(variables=self.get_css_variables())

    @property
    def colours(self) -> str:
        """The name of the theme in use, one of `THEMES`."""
        return next((name for name, one in THEMES.items() if one.theme.name == self.theme), next(iter(THEMES)))

    def take_theme(self, name: str) -> None:
        """Draw everything with another theme, and keep it for the next start."""
        self.theme = THEMES[name].theme.name
        self._keep_theme(name)

    def action_next_theme(self) -> None:
        """Take the next theme."""
        names = list(THEMES)
        self.take_theme(names[(names.index(self.colours) + 1) % len(names)])

    @work(exclusive=True, group="theme")
    async def _keep_theme(self, name: str) -> None:
        memory = self._memory
        if memory is not None and not await in_thread(lambda: memory.write(name), self.language):
            told = _("The colours count until this terminal is left: {file} cannot be written.", file=memory.file)
            self.notify(told.render(self.language), severity="warning")
