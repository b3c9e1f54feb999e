"""What is installed, and what the machine carries with it."""

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, OptionList, Static

from appliance.catalogue.plan import Plan
from appliance.catalogue.verdict import asked, verdicts
from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.operations.setup.finding import FoundPackage
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.local import in_thread
from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Field, Picks
from appliance.tui.wizard.page import FaultOfPage, Page

_MOST_USERS = 1_000_000


class PackagesFound(Event):
    """The packages of a folder, or why they could not be looked at."""

    def __init__(self, found: list[FoundPackage], fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.found, self.fault = found, fault


class PackagesPage(Page):
    """Signed packages on a stick or in a folder."""

    NAME = "packages"
    HEADING = _("Packages")
    EXPLAINED = _(
        "Signed packages of models, scenarios and word lists, from USB sticks and from a folder. Space chooses one. "
        "Without any, the small model that comes with the appliance answers."
    )
    BINDINGS = [commands.LOOK_AGAIN.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._found: list[FoundPackage] = []
        self._looking = True

    def body(self) -> ComposeResult:
        """Yield the list and the folder."""
        yield Picks("packages")
        yield Lines(id="about")
        yield Field("folder", _("Look in this folder (Enter)"), self.draft.folder, self.language)

    def command(self) -> str:
        """Return the command that installs one."""
        return "appliance package install FILE"

    def on_mount(self) -> None:
        """Begin to look."""
        super().on_mount()
        self.action_look()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Look in the folder."""
        self.action_look()

    def action_look(self) -> None:
        """Look at sticks, or in the folder that is written there."""
        self._looking = True
        self.tell(Notice("warning", _("Looking for packages …")))
        text = self.query_one("#field-folder", Field).value or self.draft.folder
        self._look(Path(text).expanduser() if text else None)

    @work(exclusive=True, group="packages")
    async def _look(self, folder: Path | None) -> None:
        source = self.setup.source
        try:
            found = await in_thread(lambda: list(source.packages(folder)), self.language)
        except ApplianceError as error:
            self.post_message(PackagesFound([], error))
            return
        self.post_message(PackagesFound(found))

    def on_packages_found(self, event: PackagesFound) -> None:
        """List what was found; what cannot be installed is listed too, and cannot be chosen."""
        self._found, self._looking = event.found, False
        picks = self.query_one(Picks)
        picked = [place for place, one in enumerate(event.found) if one.file in self.draft.packages]
        picks.fill([(self._line(one), one.installable) for one in event.found], picked)
        if event.fault is not None:
            self.tell(Notice.of(event.fault))
        else:
            nothing = Notice("warning", _("There is no package. Put a stick in and press F5, or name a folder."))
            self.tell(None if event.found else nothing)
        if event.found:
            picks.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say more about the package on which one stands."""
        self.query_one("#about", Lines).say(self._about(self._found[event.option_index]))

    def _line(self, one: FoundPackage) -> Content:
        title = one.file.name if one.manifest is None else one.manifest.title
        return Content.assemble((one_line(title), "bold"), (f"  {human_bytes(one.size)}", MUTED))

    def _about(self, one: FoundPackage) -> Content:
        lines: list[tuple[Message, str]] = []
        if one.manifest is not None:
            lines.append((_("Licence: {licence}", licence=one_line(one.manifest.licence)), ""))
        if one.signed_by is not None and one.key_file is None:
            lines.append((_("● signed with the trusted key {key}", key=one.signed_by), "$text-success"))
        if one.key_file is not None:
            told = _(
                "▲ signed with the key {key}, which is not trusted yet. To choose the package is to trust it: compare "
                "the id with what its maker told you by another way.",
                key=one.signed_by or "",
            )
            lines.append((told, "$text-warning"))
        if one.fault is not None:
            lines.append((_("✖ cannot be installed: {reason}", reason=one.fault), "$text-error"))
        elif one.manifest is not None:
            lines.append((_("● fits this machine"), "$text-success"))
        text: list[tuple[str, str]] = [(f"{line.render(self.language)}\n", style) for line, style in lines]
        return Content.assemble(*text) if text else Content("")

    def collect(self) -> Draft:
        """Take what was chosen, the keys that this trusts, and the first model for the alias `general`."""
        if self._looking:
            raise FaultOfPage(_("Looking for packages …"))
        chosen = [self._found[place] for place in self.query_one(Picks).picked]
        models = [one.manifest.name for one in chosen if one.manifest is not None and one.manifest.kind == "model"]
        return self.setup.with_answer(
            packages=tuple(one.file for one in chosen),
            trust=tuple(dict.fromkeys(one.key_file for one in chosen if one.key_file is not None)),
            general=models[0] if models else None,
            folder=self.query_one("#field-folder", Field).value,
        )


class Planned(Event):
    """The plan, or why there is none."""

    def __init__(self, plan: Plan | None, fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.plan, self.fault = plan, fault


class PlanPage(Page):
    """What goes where, and for how many people."""

    NAME = "plan"
    HEADING = _("Plan")
    EXPLAINED = _("How many people will use it at the same time? The plan says whether the machine carries them.")
    BINDINGS = [commands.PLAN_AGAIN.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._plan: Plan | None = None

    def body(self) -> ComposeResult:
        """Yield the number and the plan."""
        yield Field("users", _("People at once (Enter plans)"), str(self.draft.users), self.language)
        yield Static(id="plan")

    def command(self) -> str:
        """Return the command that plans."""
        return f"appliance plan --users {self.draft.users}"

    def on_mount(self) -> None:
        """Plan with what is there."""
        super().on_mount()
        self.action_plan_again()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Plan with the new number."""
        self.action_plan_again()

    def action_plan_again(self) -> None:
        """Plan."""
        try:
            users = self._users()
        except FaultOfPage as fault:
            self.tell(Notice("failed", fault.message))
            return
        self.tell(Notice("warning", _("Planning …")))
        self._make(users)

    @work(exclusive=True, group="plan")
    async def _make(self, users: int) -> None:
        source, site = self.setup.source, self.draft.config()
        try:
            plan = await in_thread(lambda: source.plan(site, users), self.language)
        except ApplianceError as error:
            self.post_message(Planned(None, error))
            return
        self.post_message(Planned(plan))

    def on_planned(self, event: Planned) -> None:
        """Show the plan."""
        self._plan = event.plan
        language = self.language
        if event.plan is None:
            self.query_one("#plan", Static).update("")
            assert event.fault is not None
            self.tell(
                Notice("warning", event.fault.message, _("Go on without a plan; `appliance plan` makes one later."))
            )
            return
        lines: list[tuple[str, str]] = [(f"{asked(event.plan).render(language)}\n", MUTED)]
        for verdict in verdicts(event.plan):
            mark, style = ("● ", "$text-success") if verdict.good else ("▲ ", "$text-warning")
            lines += [(mark, style), (f"{verdict.line.render(language)}\n", "bold")]
            if verdict.reason is not None:
                lines.append((f"    {verdict.reason.render(language)}\n", ""))
        lines += [(f"· {note.render(language)}\n", MUTED) for note in event.plan.notes]
        self.query_one("#plan", Static).update(Content.assemble(*lines))
        weak = Notice("warning", _("Not everything is reached; you can go on, and add machines later."))
        self.tell(None if event.plan.complete else weak)

    def _users(self) -> int:
        text = self.query_one("#field-users", Field).value
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_USERS:
            raise FaultOfPage(_("Give a number of people, at least 1."))
        return int(text)

    def collect(self) -> Draft:
        """Take the number; a plan that reaches everything is put into the site file."""
        whole = self._plan is not None and self._plan.complete and not self.draft.packages
        return self.setup.with_answer(users=self._users(), plan_for_users=whole)
