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
from appliance.operations.setup.aliases import aliases_for
from appliance.operations.setup.finding import FoundPackage
from appliance.packages.signed.manifest import Manifest
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.local import in_thread
from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines
from appliance.tui.wizard.alias_dialog import AliasDialog
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Field, Picks
from appliance.tui.wizard.page import FaultOfPage, Page
from appliance.tui.written import whole_number, written_path

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
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        commands.LOOK_AGAIN.binding(), commands.ALIAS.binding(),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._found: list[FoundPackage] = []
        self._renamed: dict[str, str] = {}
        self._looking = True
        self._listed = False

    def body(self) -> ComposeResult:
        """Yield the list and the folder."""
        yield Picks("packages")
        yield Lines(id="about")
        folder = self.was("folder", self.draft.folder)
        yield Field("folder", _("Look in this folder (Enter)"), folder, self.language)

    def command(self) -> str:
        """Return the command that installs one."""
        return "appliance package install FILE"

    def on_mount(self) -> None:
        """Begin to look."""
        super().on_mount()
        self._renamed = dict(self.draft.renamed)
        self.action_look()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Look in the folder."""
        self.action_look()

    def action_look(self) -> None:
        """Look at sticks, or in the folder that is written there; what is chosen stays, wherever it lies."""
        text = self.query_one("#field-folder", Field).value
        self.setup.draft = self.chosen()
        try:
            folder = written_path(text) if text else None
        except ApplianceError as error:
            self.post_message(PackagesFound(self._found, error))
            return
        self._looking = True
        self.tell(Notice("warning", _("Looking for packages …")))
        self._look(folder, self.setup.draft.packages)

    @work(exclusive=True, group="packages")
    async def _look(self, folder: Path | None, chosen: tuple[Path, ...]) -> None:
        source = self.setup.source
        try:
            found = await in_thread(lambda: list(source.packages(folder, chosen)), self.language)
        except ApplianceError as error:
            self.post_message(PackagesFound(self._found, error))
            return
        self.post_message(PackagesFound(found))

    def on_packages_found(self, event: PackagesFound) -> None:
        """List what was found; what cannot be installed is listed too, and cannot be chosen."""
        self._found, self._looking = event.found, False
        self._listed = self._listed or event.fault is None
        picks = self.query_one(Picks)
        self.query_one("#about", Lines).say(Content(""))
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
        self._tell_about(event.option_index)
        self.refresh_bindings()

    def on_picks_changed(self, _event: Picks.Changed) -> None:
        """Say which alias it has now."""
        self._tell_about(self.query_one(Picks).highlighted)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another alias for a model that is taken."""
        if action == "alias":
            return self._model_here() is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="alias")
    async def action_alias(self) -> None:
        """Ask for another alias of the model on which one stands."""
        model = self._model_here()
        if model is None:
            return
        taken = self._aliases()
        now = next(alias for alias, package in taken.items() if package == model.name)
        alias = await self.app.push_screen_wait(AliasDialog(model.name, now, taken))
        if alias is not None:
            self._renamed[model.name] = alias
            self._tell_about(self.query_one(Picks).highlighted)

    def _models(self) -> list[Manifest]:
        chosen = (self._found[place].manifest for place in self.query_one(Picks).picked)
        return [one for one in chosen if one is not None and one.kind == "model"]

    def _aliases(self) -> dict[str, str]:
        return aliases_for(self._models(), self._renamed)

    def _model_here(self) -> Manifest | None:
        found = self.query(Picks)
        place = found.first().highlighted if found else None
        if place is None or place not in found.first().picked:
            return None
        manifest = self._found[place].manifest
        return manifest if manifest is not None and manifest.kind == "model" else None

    def _tell_about(self, place: int | None) -> None:
        if place is not None:
            self.query_one("#about", Lines).say(self._about(self._found[place]))

    def _line(self, one: FoundPackage) -> Content:
        title = one.file.name if one.manifest is None else one.manifest.title
        folders = {found.file.parent for found in self._found}
        place = f"  {one_line(str(one.file.parent))}" if len(folders) > 1 else ""
        return Content.assemble((one_line(title), "bold"), (f"  {human_bytes(one.size)}{place}", MUTED))

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
        model = self._model_here()
        if model is not None and model is one.manifest:
            alias = next(alias for alias, package in self._aliases().items() if package == model.name)
            lines.append((_("→ callers name it {alias} (F4 gives another alias)", alias=alias), "bold"))
        text: list[tuple[str, str]] = [(f"{line.render(self.language)}\n", style) for line, style in lines]
        return Content.assemble(*text) if text else Content("")

    def chosen(self) -> Draft:
        """Return the draft with what is taken, the keys that this trusts, and the alias of each model."""
        folder = self.query_one("#field-folder", Field).value
        if not self._listed:  # nothing came yet that could be taken, or left
            return self.setup.with_answer(folder=folder)
        chosen = [self._found[place] for place in self.query_one(Picks).picked]
        return self.setup.with_answer(
            packages=tuple(one.file for one in chosen),
            trust=tuple(dict.fromkeys(one.key_file for one in chosen if one.key_file is not None)),
            models=tuple(self._aliases().items()),
            renamed=tuple(self._renamed.items()),
            folder=folder,
        )

    def collect(self) -> Draft:
        """Take what was chosen, once everything was looked at."""
        if self._looking:
            raise FaultOfPage(_("Looking for packages …"))
        return self.chosen()


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
        self._users_planned = 0
        """For how many `_plan` is, or will be."""
        self._planning = False

    def body(self) -> ComposeResult:
        """Yield the number and the plan."""
        users = self.was("users", str(self.draft.users))
        yield Field("users", _("People at once (Enter plans)"), users, self.language)
        yield Static(id="plan")

    def command(self) -> str:
        """Return the command that plans."""
        fields = self.query("#field-users").results(Field)
        users = whole_number(next((one.value for one in fields), ""), 1, _MOST_USERS) or self.draft.users
        return f"appliance plan --users {users} --choose"

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Let the command follow."""
        self.show_command()

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
        self._plan, self._users_planned, self._planning = None, users, True
        self.tell(Notice("warning", _("Planning …")))
        self._make(users)

    @work(exclusive=True, group="plan")
    async def _make(self, users: int) -> None:
        source, draft = self.setup.source, self.draft
        try:
            plan = await in_thread(lambda: source.plan(draft.config(), users, draft.packages), self.language)
        except ApplianceError as error:
            self.post_message(Planned(None, error))
            return
        self.post_message(Planned(plan))

    def on_planned(self, event: Planned) -> None:
        """Show the plan."""
        self._plan, self._planning = event.plan, False
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
        users = whole_number(self.query_one("#field-users", Field).value, 1, _MOST_USERS)
        if users is None:
            raise FaultOfPage(_("Give a number of people, from 1 to {most}.", most=_MOST_USERS))
        return users

    def collect(self) -> Draft:
        """Take the number, once it is planned for; a plan that reaches everything is put into the site file."""
        users = self._users()
        if users != self._users_planned:
            self.action_plan_again()
            raise FaultOfPage(_("Planned anew for {users}: look at the plan, then go on.", users=users))
        if self._planning:
            raise FaultOfPage(_("Planning …"))
        return self.setup.with_answer(users=users, plan_for_users=self._plan is not None and self._plan.complete)
