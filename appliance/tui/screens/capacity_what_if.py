"""What if there were more users, more nodes or another model: the planner's answer, and how it is applied."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, Select, Static

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.tui import capacity_keys as keys
from appliance.tui import commands
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED
from appliance.tui.local import in_thread
from appliance.tui.screens.capacity_base import MODELS, Acted, CapacityBase, Known, changes_in_words, written
from appliance.tui.screens.capacity_forms import not_a_number, whole_number
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.plan_text import plan_text

if TYPE_CHECKING:
    from appliance.catalogue.plan import Plan
    from appliance.operations.planning import PlanRequest


_LABELS = {
    "users": _("Users at once"),
    "nodes": _("More nodes"),
    "like": _("of the kind of"),
    "model": _("Another model beside"),
}
_NONE = {"like": _("the last one"), "model": _("none")}


class Planned(Event):
    """A plan came, or why there is none."""

    def __init__(self, request: "PlanRequest", plan: "Plan | None", fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.request, self.plan, self.fault = request, plan, fault


class CatalogueRead(Event):
    """The chat models that are known came: title and name of each."""

    def __init__(self, models: list[tuple[str, str]]) -> None:
        super().__init__()
        self.models = models


class WhatIfScreen(CapacityBase):
    """A line of fields, and below it what the planner says. It changes nothing before it is applied and confirmed."""

    AUTO_FOCUS = "#users"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.PLAN, keys.APPLY, commands.NEXT_PANEL, commands.BACK)
    ]

    def __init__(self, known: Known, nodes: Sequence[str]) -> None:
        """`nodes` are the names of those that others can be like; without names there is one machine."""
        super().__init__(known)
        self._kinds = nodes
        self._request: PlanRequest | None = None
        self._plan: Plan | None = None
        self._planning = False

    def body(self) -> ComposeResult:
        """Yield the fields and the answer."""
        yield NoticeLine()
        with Horizontal(id="what-if-form"):
            yield from self._line("users")
            yield from self._line("nodes")
            if len(self._kinds) > 1:
                yield from self._choice("like", [(name, name) for name in self._kinds])
            yield from self._choice("model", [])
        yield ContentPanel(id="what-if", classes="panel")
        yield CommandLine()

    def on_mount(self) -> None:
        """Look up which models there are."""
        super().on_mount()
        self._read_catalogue()

    @work(exclusive=True, group="catalogue")
    async def _read_catalogue(self) -> None:
        try:
            self.post_message(CatalogueRead(await in_thread(_chat_models, self.terminal.language)))
        except ApplianceError as error:
            self.post_message(Acted(Notice.of(error), "appliance plan"))

    def on_catalogue_read(self, event: CatalogueRead) -> None:
        """Offer them."""
        self.query_one("#model", Select).set_options(event.models)

    def _line(self, name: str) -> ComposeResult:
        with Vertical(classes=f"field {name}"):
            yield Static(id=f"label-{name}")
            line = Input(id=name, compact=True, classes="written")
            line.cursor_blink = False  # a terminal over ssh is not drawn anew for nothing
            yield line

    def _choice(self, name: str, options: Sequence[tuple[str, str]]) -> ComposeResult:
        with Vertical(classes=f"field {name}"):
            yield Static(id=f"label-{name}")
            yield Select(options, id=name, compact=True)

    def show(self, view: View) -> None:
        """Draw labels and answer."""
        super().show(view)
        for name, label in _LABELS.items():
            for line in self.query(f"#label-{name}").results(Static):
                line.update(Content.styled(label.render(view.language), "bold"))
        for name, none in _NONE.items():
            for choice in self.query(f"#{name}").results(Select):
                choice.prompt = none.render(view.language)
        language, panel = view.language, self.query_one("#what-if", ContentPanel)
        title = _("What the planner says").render(language)
        if self._planning:
            panel.draw(title, Content.styled(_("Planning …").render(language), MUTED))
        elif self._plan is None:
            told = _(
                "Write how many users are to be served at once (an answer being written for each), how many machines"
                " more there might be, or choose a model that is to be served as well. Ctrl+S plans; nothing is"
                " changed."
            )
            panel.draw(title, Content.styled(told.render(language), MUTED))
        else:
            parts = [Content.styled(self._next().render(language), MUTED), Content("")]
            width = max(30, self.size.width - 6)
            panel.draw(title, Content("\n").join([*parts, plan_text(self._plan, width, language)]))
        self.query_one(CommandLine).show(self.done_by or self._command(self._asked()))
        self.refresh_bindings()

    def _next(self) -> Message:
        """Say whether this can be applied, and what is to be done where not."""
        if self._request is not None and (self._request.more_nodes or self._request.more_models):
            return _("More nodes come with a join token, another model as a package; neither is written from here.")
        if self._plan is not None and not self._plan.complete:
            return _("Nothing was changed. Only a plan that serves everything can be written into the site file.")
        if not self._can_apply():
            return _("Nothing was changed.")
        return _("Nothing was changed. `a` shows what of it goes into the site file, and asks.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be applied has no key for it."""
        return self._can_apply() if action == "apply" else super().check_action(action, parameters)

    def _can_apply(self) -> bool:
        request, plan = self._request, self._plan
        if plan is None or request is None or self._planning or request.more_nodes or request.more_models:
            return False
        return plan.complete and self.may(MODELS)

    def _asked(self) -> dict[str, str]:
        """Return what is written and chosen, by the name of the field."""
        asked = {line.id or "": line.value.strip() for line in self.query("#what-if-form Input").results(Input)}
        for choice in self.query("#what-if-form Select").results(Select):
            asked[choice.id or ""] = "" if choice.is_blank() else str(choice.value)
        return asked

    def _command(self, asked: dict[str, str], apply: bool = False) -> str:
        options = [("--users", asked["users"])]
        if not apply:
            options += [("--more-nodes", asked["nodes"]), ("--like", asked.get("like", "") if asked["nodes"] else "")]
            options += [("--with-model", f"{asked['model']}={asked['model']}" if asked["model"] else "")]
        words = [f" {name} {value}" for name, value in options if value]
        return f"appliance plan{''.join(words)} {'--apply' if apply else '--choose'}"

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Show the command for what is written."""
        self._asked_anew()

    def on_select_changed(self, _event: Select.Changed) -> None:
        """Show the command for what is chosen."""
        self._asked_anew()

    def _asked_anew(self) -> None:
        self.done_by = None
        self.query_one(CommandLine).show(self._command(self._asked()))

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter is as good as the key for it."""
        self.action_plan()

    def action_plan(self) -> None:
        """Plan with what is written, if it can be read."""
        from appliance.operations.planning import PlanRequest

        asked = self._asked()
        self.notice = self.done_by = None
        try:
            users, nodes = whole_number(asked["users"]), whole_number(asked["nodes"])
        except ValueError as error:
            self.notice = Notice("failed", not_a_number(str(error)))
            self.show(self.terminal.view)
            return
        model = asked["model"]
        request = PlanRequest(
            users=users, more_nodes=nodes, like=(asked.get("like") or None) if nodes else None,
            more_models=(f"{model}={model}",) if model else (), choose=True,
        )  # fmt: skip
        self._planning = True
        self.show(self.terminal.view)
        self.query_one("#what-if", ContentPanel).focus()
        self._plan_it(request)

    @work(exclusive=True, group="what-if")
    async def _plan_it(self, request: "PlanRequest") -> None:
        if self.source is None:
            return
        try:
            self.post_message(Planned(request, await self.source.plan(request, self.terminal.language)))
        except ApplianceError as error:
            self.post_message(Planned(request, None, error))

    def on_planned(self, event: Planned) -> None:
        """Show it."""
        self._request, self._plan, self._planning = event.request, event.plan, False
        self.notice = None if event.fault is None else Notice.of(event.fault)
        self.show(self.terminal.view)
        self.query_one("#what-if", ContentPanel).scroll_home(animate=False)

    @work(exclusive=True, group="action")
    async def action_apply(self) -> None:
        """Show the settings before and after, ask, write."""
        source, request, language = self.source, self._request, self.terminal.language
        if source is None or request is None:
            return
        asked = dict.fromkeys(("nodes", "model"), "") | {"users": "" if request.users is None else str(request.users)}
        command = self._command(asked, apply=True)
        try:
            change = await source.planned_change(request, language)
        except ApplianceError as error:
            self.post_message(Acted(Notice.of(error), command))
            return
        if not change.settings:
            told = _("The site file says already what the plan says.")
            self.post_message(Acted(Notice("done", told), command))
            return
        file = "site.yaml" if self.known.inventory is None else self.known.inventory.site_file

        async def do(_tell: Tell) -> Message:
            await source.apply_plan(change, language)
            return written(file)

        await self.act(
            Task(
                title=_("Apply the plan"),
                question=_("Write this into {file}?", file=file),
                command=command,
                work=do,
                named=changes_in_words(change, language),
                warning=_("It counts from the next start; until then everything runs as now."),
            )
        )


def _chat_models() -> list[tuple[str, str]]:
    """Read the catalogue. It reads files: call it in a thread."""
    from appliance.catalogue.loading import load_catalogue

    return sorted((entry.title, name) for name, entry in load_catalogue().items() if entry.kind == "chat")
