"""The first pages: language, what the machine is like, what it is to become."""

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError
from appliance.core.messages import LANGUAGES, Message, _
from appliance.operations.doctor import Check
from appliance.operations.setup.running import worst_first
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.local import in_thread
from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Choice
from appliance.tui.wizard.page import FaultOfPage, Page

_MARKS = {
    "ok": ("●", "$text-success"),
    "warning": ("▲", "$text-warning"),
    "failed": ("✖", "$text-error"),
    "unknown": ("○", MUTED),
}


class WelcomePage(Page):
    """Language."""

    NAME = "welcome"
    HEADING = _("Welcome")
    EXPLAINED = _(
        "This installs the appliance on this machine, step by step. Nothing is changed before the last but one page, "
        "and each step can be gone back to. Which language?"
    )

    def body(self) -> ComposeResult:
        """Yield the languages, each in its own words."""
        names = {"en": ("English", _("Screens, messages and samples in English.")),
                 "zh_CN": ("中文", _("Screens, messages and samples in Chinese."))}  # fmt: skip
        yield Choice(
            "language",
            [(code, Message(names[code][0]), names[code][1]) for code in LANGUAGES],
            self.draft.language,
            self.language,
        )

    def collect(self) -> Draft:
        """Take the language, at once for all pages."""
        return self.setup.with_answer(language=self.query_one(Choice).chosen)

    def keep(self) -> None:
        """Keep nothing: the language key itself changes what is chosen here."""

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter goes on."""
        self.action_on()


class ChecksRead(Event):
    """What was looked at, or why it could not be."""

    def __init__(self, checks: list[Check], fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.checks, self.fault = checks, fault


class ChecksPage(Page):
    """What this machine has, and what to do about what it lacks."""

    NAME = "checks"
    AUTO_FOCUS = ".page"  # it is scrolled
    HEADING = _("This machine")
    EXPLAINED = _("What the appliance stands on. A fault must be mended first; a warning means less speed or room.")
    BINDINGS = [commands.CHECK_AGAIN.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._checks: list[Check] = []
        self._looking = True
        self._fault: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield the lines."""
        yield Lines(id="checks")

    def command(self) -> str:
        """Return the command that looks at the same."""
        return "appliance doctor"

    def on_mount(self) -> None:
        """Begin to look."""
        super().on_mount()
        self.action_check_again()

    def action_check_again(self) -> None:
        """Look at everything anew."""
        self._looking = True
        self.tell(Notice("warning", _("Looking at the machine …")))
        self._look()

    @work(exclusive=True, group="checks")
    async def _look(self) -> None:
        source, draft = self.setup.source, self.draft
        try:
            checks = await in_thread(lambda: list(source.checks(draft.config())), self.language)
        except ApplianceError as error:
            self.post_message(ChecksRead([], error))
            return
        self.post_message(ChecksRead(checks))

    def on_checks_read(self, event: ChecksRead) -> None:
        """Show what was found, the gravest first."""
        self._checks, self._fault, self._looking = worst_first(event.checks), event.fault, False
        language = self.language
        lines = []
        for check in self._checks:
            shape, style = _MARKS[check.state]
            parts: list[tuple[str, str]] = [
                (f"{shape} ", style),
                (check.title.render(language), "bold"),
                (f"  {one_line(check.found.render(language))}", MUTED),
            ]
            if check.remedy is not None:
                parts.append((f"\n    → {one_line(check.remedy.render(language))}", ""))
            lines.append(Content.assemble(*parts))
        self.query_one("#checks", Lines).say(Content("\n").join(lines))
        if event.fault is not None:
            self.tell(Notice("failed", event.fault.message, event.fault.hint or _("Press F5 to look again.")))
        else:
            self.tell(Notice("failed", _("Mend what is marked ✖, then press F5.")) if self._failed() else None)

    def _failed(self) -> bool:
        return any(check.state == "failed" for check in self._checks)

    def collect(self) -> Draft:
        """Go on only where nothing has failed."""
        if self._looking:
            raise FaultOfPage(_("Looking at the machine …"))
        if self._fault is not None:
            raise FaultOfPage(self._fault.message, self._fault.hint or _("Press F5 to look again."))
        if self._failed():
            raise FaultOfPage(_("Mend what is marked ✖, then press F5."))
        return self.draft


class RolePage(Page):
    """First node, or one more."""

    NAME = "role"
    HEADING = _("Role")
    EXPLAINED = _("Is this the first machine of the appliance, or one more of an appliance that runs already?")

    def body(self) -> ComposeResult:
        """Yield both."""
        yield Choice(
            "role",
            [
                ("first", _("The first machine"), _("It becomes the appliance; others can join it later.")),
                ("join", _("One more machine"), _("It joins with a token that the first machine printed.")),
            ],
            self.was("role", self.draft.role),
            self.language,
        )

    def collect(self) -> Draft:
        """Take the role."""
        return self.setup.with_answer(role=self.query_one(Choice).chosen)

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter goes on."""
        self.action_on()
