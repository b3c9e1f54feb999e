"""The steps of something that takes a while, as they come."""

from collections.abc import Iterable

from textual.content import Content

from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.tui.drawing import FAINT, MUTED, bar, one_line
from appliance.tui.widgets.lines import Lines

_MARKS = {
    "running": ("◐", "$text-warning"),
    "done": ("●", "$text-success"),
    "skipped": ("○", MUTED),
    "failed": ("✖", "$text-error"),
}
_WORDS: dict[str, Message] = {
    "running": _("running"),
    "done": _("done"),
    "skipped": _("not needed"),
    "failed": _("failed"),
}
_BAR_CELLS = 16


class Steps(Lines):
    """One line a step, in the order in which they began; a step keeps its line."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: dict[str, Progress] = {}
        self._language = "en"

    @property
    def steps(self) -> tuple[Progress, ...]:
        """The steps so far."""
        return tuple(self._steps.values())

    def clear(self) -> None:
        """Forget all steps."""
        self._steps = {}
        self._draw()

    def show(self, steps: Iterable[Progress], language: str) -> None:
        """Draw these steps and no others."""
        self._steps = {one.step: one for one in steps}
        self.speak(language)

    def tell(self, news: Progress, language: str) -> None:
        """Draw a step's news."""
        self._steps[news.step] = news
        self._language = language
        self._draw()

    def speak(self, language: str) -> None:
        """Draw everything in a language."""
        self._language = language
        self._draw()

    def break_off(self, language: str) -> None:
        """Say of every step that still runs that it failed."""
        self._steps = {
            name: Progress(one.step, one.title, "failed", one.detail) if one.state == "running" else one
            for name, one in self._steps.items()
        }
        self.speak(language)

    def _draw(self) -> None:
        self.say(Content("\n").join(self._line(step) for step in self._steps.values()))

    def _line(self, step: Progress) -> Content:
        shape, style = _MARKS[step.state]
        parts: list[Content | tuple[str, str]] = [
            (f"{shape} ", style),
            (one_line(step.title.render(self._language)), "" if step.state == "running" else MUTED),
        ]
        if step.state == "running" and step.fraction is not None:
            parts += [(" ", ""), bar(step.fraction, _BAR_CELLS), (f" {step.fraction:.0%}", MUTED)]
        elif step.state != "running":
            parts.append((f"  {_WORDS[step.state].render(self._language)}", FAINT))
        if step.detail is not None:
            parts.append((f"  {one_line(step.detail.render(self._language))}", FAINT))
        return Content.assemble(*parts)
