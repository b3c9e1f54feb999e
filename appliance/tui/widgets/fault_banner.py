"""What is wrong with the connection, and what to do: shown only while there is something to say."""

from datetime import datetime

from textual.content import Content

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.tui.drawing import MUTED
from appliance.tui.widgets.lines import Lines


class FaultBanner(Lines):
    """Message, hint and how old the readings below are."""

    def show(self, fault: ApplianceError | None, seen: datetime | None, again: Message, language: str) -> None:
        """Draw `fault`; without one the banner takes no room.

        `seen` is the time of the last reading, `again` says how the next one comes.
        """
        self.display = fault is not None
        if fault is None:
            return
        lines = [Content.assemble(("✖ ", "$text-error"), (fault.message.render(language), "bold"))]
        if fault.hint is not None:
            lines.append(Content(f"  {fault.hint.render(language)}"))
        last = again
        if seen is not None:
            last = _("Last seen {time}. {again}", time=seen.astimezone().strftime("%H:%M:%S"), again=again)
        lines.append(Content.styled(f"  {last.render(language)}", MUTED))
        self.say(Content("\n").join(lines))


def every(interval_s: float) -> Message:
    """Say that readings are tried again by themselves."""
    return _("Trying again every {seconds} s.", seconds=f"{interval_s:g}")
