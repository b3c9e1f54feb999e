"""What `:` finds: everything that can be done on the screen in front, by name and in the reader's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.drawing import MUTED

if TYPE_CHECKING:
    from textual.binding import ActiveBinding
    from textual.screen import Screen

    from appliance.tui.app import TerminalApp
    from appliance.tui.themes import ThemedApp

_LESS = 0.5
"""What a match in the explanation or the id counts, beside one in the name."""
_UNSAID = {
    command.id
    for command in (
        commands.PALETTE, commands.UP, commands.DOWN, commands.SCROLL_UP, commands.SCROLL_DOWN, commands.FIRST,
        commands.LAST, commands.ROWS_UP, commands.ROWS_DOWN, commands.PAGE_UP, commands.PAGE_DOWN,
    )
}  # fmt: skip
"""Keys that one holds down to move: nobody looks for them by name."""


@dataclass(frozen=True)
class Entry:
    """One thing to choose: its name, the key that does the same, a sentence, and the stable id of its command."""

    name: str
    key: str
    about: str
    id: str
    run: Callable[[], Any]
    shown: bool = True
    """Whether the last line of the screen has it."""


class EntryProvider(Provider):
    """Finds entries by name, explanation or id. `EntryProvider.over(entries)` is a class, as a palette wants it."""

    entries: Sequence[Entry] = ()
    language = "en"

    @classmethod
    def over(cls, entries: Sequence[Entry], language: str) -> "type[EntryProvider]":
        """Return a provider of these entries."""
        return type("EntryProvider", (cls,), {"entries": tuple(entries), "language": language})

    async def discover(self) -> Hits:
        """Yield all of them, in their order."""
        for one in self.entries:
            yield DiscoveryHit(_shown(Content(one.name), one), one.run, text=one.name, help=one.about)

    async def search(self, query: str) -> Hits:
        """Yield those that match; where none does, say so."""
        matcher, found = self.matcher(query), False
        for one in self.entries:
            by_name = matcher.match(one.name)
            score = max(by_name, *(_LESS * _holds(query, text) for text in (one.about, one.id)))
            if score <= 0:
                continue
            found = True
            name = matcher.highlight(one.name) if by_name > 0 else Content(one.name)
            yield Hit(score, _shown(name, one), one.run, text=one.name, help=one.about)
        if not found:
            told = _("Nothing that can be done here is called so.").render(self.language)
            yield Hit(1.0, Content.styled(told, MUTED), _nothing, text=query)


def palette(entries: Sequence[Entry], placeholder: str, language: str) -> CommandPalette:
    """Return the box in which one of `entries` is found and chosen."""
    return CommandPalette([EntryProvider.over(entries, language)], placeholder=placeholder, id="--command-palette")


def entries_of(app: "TerminalApp", screen: "Screen[Any]") -> list[Entry]:
    """Return what can be done with `screen` in front: its own keys first, then the screens, then what is everywhere.

    A key that is hidden there, or that the reader may not use, is missing here too.
    """
    found: dict[str, Entry] = {}
    for active in screen.active_bindings.values():
        command = commands.COMMANDS.get(active.binding.id or "")
        if command is None or command.id in _UNSAID or not active.enabled:
            continue
        label, tip = command.label.render(app.language), command.tip.render(app.language)
        key = app.get_key_display(active.binding)
        found.setdefault(command.id, Entry(label, key, tip, command.id, _running(app, active), command.show))
    return sorted(found.values(), key=_rank)


def theme_entries(app: "ThemedApp[Any]") -> list[Entry]:
    """Return the appliance's themes."""
    from appliance.tui.themes import THEMES

    return [
        Entry(
            one.name.render(app.language),
            "●" if name == app.colours else "",
            _("Used now and at the next start.").render(app.language),
            name,
            partial(app.take_theme, name),
        )
        for name, one in THEMES.items()
    ]


def _running(app: "TerminalApp", active: "ActiveBinding") -> Callable[[], Any]:
    """Return what the key does, where it does it."""
    return lambda: app.run_action(active.binding.action, active.node)


def _rank(entry: Entry) -> int:
    """Order the keys of the screen, those that its last line has first, then the numbers above, then the app's."""
    if entry.id.startswith("mode."):
        return 2
    if entry.id.startswith("app."):
        return 3
    return 0 if entry.shown else 1


def _shown(name: Content, entry: Entry) -> Content:
    return Content.assemble(name, (f"  {entry.key}", MUTED)) if entry.key else name


def _holds(query: str, text: str) -> float:
    return float(query.casefold() in text.casefold())


def _nothing() -> None:
    """A line that only says something was chosen."""
