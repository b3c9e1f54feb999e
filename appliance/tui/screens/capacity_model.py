"""One model: how many replicas it has and may have, and what they carry."""

from collections.abc import Iterator

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _, one_or_many
from appliance.operations.forecast import assumption, in_words
from appliance.tui import capacity_keys as keys
from appliance.tui import commands, figures
from appliance.tui.acting import Task, Tell
from appliance.tui.capacity_source import ModelLimits
from appliance.tui.drawing import MUTED, bar, one_line
from appliance.tui.screens.capacity_base import MODELS, Acted, CapacityBase, Known, changes_in_words, written
from appliance.tui.screens.capacity_forms import CapacityForm, Form, FormField, Values, not_a_number, whole_number
from appliance.tui.screens.capacity_rows import ModelRow, limits_text, model_rows
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import STATES

_BAR_CELLS = 24


class ModelScreen(CapacityBase):
    """Shows one model, and sets its replicas."""

    AUTO_FOCUS = "#capacity-model"
    BINDINGS = [command.binding() for command in (keys.SCALE, commands.BACK)]  # noqa: RUF012 - Textual reads it

    def __init__(self, alias: str, known: Known) -> None:
        super().__init__(known)
        self._alias = alias

    def body(self) -> ComposeResult:
        """Yield the facts."""
        yield NoticeLine()
        yield ContentPanel(id="capacity-model", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the model."""
        super().show(view)
        row, panel, language = (
            model_rows(view, self.known).get(self._alias),
            self.query_one(ContentPanel),
            view.language,
        )
        if row is None:
            panel.draw(one_line(self._alias), Content.styled(_("This model is not served.").render(language), MUTED))
        else:
            mark = STATES[row.status.state]
            lines = Content("\n").join([*_facts(row, language), *self._outlook(language)])
            panel.draw(one_line(self._alias), lines, f"{mark.shape} {mark.word.render(language)}")
        self.query_one(CommandLine).show(self.done_by or f"appliance model show {one_line(self._alias)}")
        self.refresh_bindings()

    def _outlook(self, language: str) -> Iterator[Content]:
        placed = None if self.known.plan is None else self.known.plan.placement(self._alias)
        if placed is not None and placed.shortfall is not None:
            yield Content.styled(f"▲ {one_line(placed.shortfall.render(language))}", "$text-warning")
        found = self.known.forecasts().get(self._alias)
        if found is not None:
            yield Content("")
            yield Content(in_words(found).render(language))
            yield Content.styled(assumption().render(language), MUTED)

    @property
    def limits(self) -> ModelLimits | None:
        """What the site file says of it; None for what the site file does not scale."""
        return None if self.known.inventory is None else self.known.inventory.models.get(self._alias)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only replicas of a chat model are set, and only by who may."""
        if action == "scale":
            return self.limits is not None and self.may(MODELS)
        return super().check_action(action, parameters)

    @work(exclusive=True, group="action")
    async def action_scale(self) -> None:
        """Ask for the numbers, show what changes, write it."""
        source, limits, language = self.source, self.limits, self.terminal.language
        if source is None or limits is None or self.known.inventory is None:
            return
        values = await self.app.push_screen_wait(CapacityForm(_scale_form(self._alias, limits)))
        if values is None:
            return
        from appliance.operations.scaling import ScaleWish

        wish = ScaleWish(*(whole_number(values[name]) for name in ("replicas", "least", "most")))
        command, file = _scale_command(self._alias, values), self.known.inventory.site_file
        try:
            change = await source.scaled_change(self._alias, wish, language)
        except ApplianceError as error:
            self.post_message(Acted(Notice.of(error), command))
            return
        if not change.settings:
            self.post_message(Acted(Notice("done", _("The site file says that already.")), command))
            return

        async def do(_tell: Tell) -> Message:
            await source.apply_scale(change, language)
            return written(file)

        await self.act(
            Task(
                title=_("Replicas of {name}", name=self._alias),
                question=_("Write this into {file}?", file=file),
                command=command,
                work=do,
                named=changes_in_words(change, language),
                warning=_("It counts from the next start; until then everything runs as now."),
            )
        )


def _facts(row: ModelRow, language: str) -> Iterator[Content]:
    status, limits = row.status, row.limits
    follows = _("fixed") if limits is not None and not limits.follows_load else _("follows the load")
    allowed = limits_text(limits) + ("" if limits is None else f" ({follows.render(language)})")
    pairs: list[tuple[Message, str]] = [
        (_("Package"), figures.UNKNOWN if limits is None else one_line(limits.package)),
        (_("Replicas running / wanted"), f"{status.replicas_running} / {status.replicas_target}"),
        (_("Replicas that the site file allows"), allowed),
        (_("Users at once that the plan carries"), figures.UNKNOWN if row.users is None else str(row.users)),
    ]
    for label, value in pairs:
        yield Content.assemble((f"{label.render(language)}: ", MUTED), (value, "bold"))
    active, places = status.traffic.in_flight, row.places
    yield Content.assemble(
        (f"{_('Requests being worked on').render(language)}: ", MUTED),
        (f"{active}/{figures.UNKNOWN if places is None else places} ", "bold"),
        bar(active / places if places else None, _BAR_CELLS),
    )
    if limits is not None:
        told = one_or_many(
            limits.places,
            _("One replica answers one request at a time; more wait their turn."),
            _("One replica answers {count} requests together; more wait their turn.", count=limits.places),
        )
        yield Content.styled(told.render(language), MUTED)
    if status.message:
        yield Content.styled(one_line(status.message), "$text-warning")


def _scale_form(alias: str, limits: ModelLimits) -> Form:
    def check(values: Values) -> Message | None:
        try:
            replicas, least, most = (whole_number(values[name]) for name in ("replicas", "least", "most"))
        except ValueError as error:
            return not_a_number(str(error))
        if (replicas is None) == (least is None and most is None) or (replicas is None and None in (least, most)):
            return _("Give either a number of replicas, or the fewest and the most.")
        return None

    fixed, follows = str(limits.most), limits.follows_load
    return Form(
        title=_("Replicas of {name}", name=alias),
        told=_(
            "A replica is one running copy of the model; each takes memory of its own. Either a number that stays, or"
            " limits between which the number follows the load."
        ),
        fields=(
            FormField("replicas", _("A number that stays"), "" if follows else fixed),
            FormField("least", _("or: fewest (0: it sleeps without requests)"), str(limits.least) if follows else ""),
            FormField("most", _("and most"), fixed if follows else ""),
        ),
        check=check,
        command=lambda values: _scale_command(alias, values),
    )


def _scale_command(alias: str, values: Values) -> str:
    options = (("replicas", values["replicas"]), ("min", values["least"]), ("max", values["most"]))
    return f"appliance model scale {alias}" + "".join(f" --{name} {one_line(text)}" for name, text in options if text)
