"""The last pages: what will be done, doing it, and the first question."""

from collections.abc import Iterator
from typing import Final

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, Static

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.operations.gateways import caller_urls
from appliance.tui import commands
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.local import in_thread
from appliance.tui.screens.task import ConfirmTask
from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.steps import Steps
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Field
from appliance.tui.wizard.installing import Installation
from appliance.tui.wizard.page import FaultOfPage, Page
from appliance.tui.wizard.pages.settings import TLS_WAYS


class ConfirmPage(Page):
    """Everything that was answered, before anything is done."""

    NAME = "confirm"
    AUTO_FOCUS = ".page"
    HEADING = _("Confirm")
    EXPLAINED = _("This is done now. The answers go into a file, with which another machine is installed alike.")

    def body(self) -> ComposeResult:
        """Yield the answers."""
        yield Static(self._summary(), id="summary")

    def _summary(self) -> Content:
        draft = self.draft
        if draft.role == "join":
            rows = [(_("Joins the appliance at"), draft.head), (_("Name"), draft.node_name or "–")]
        else:
            rows = [
                (_("Reached at"), f"{draft.host}:{draft.port}"),
                (_("TLS for callers"), TLS_WAYS[draft.tls or "none"].render(self.language)),
                (_("For further machines"), draft.cluster_address),
                (_("Administrator"), draft.administrator),
                (_("Packages"), ", ".join(path.name for path in draft.packages) or "–"),
                (_("Keys trusted from now on"), ", ".join(path.name for path in draft.trust) or "–"),
                (_("Models that answer"), ", ".join(f"{a} = {p}" for a, p in draft.models) or "general = base"),
                (_("People at once"), self._people(draft)),
            ]
        rows.append((_("Answers are written to"), str(self.setup.source.answers_file)))
        parts: list[tuple[str, str]] = []
        for title, value in rows:
            parts += [(f"{title.render(self.language)}: ", MUTED), (f"{one_line(value)}\n", "bold")]
        return Content.assemble(*parts)

    def _people(self, draft: Draft) -> str:
        if draft.plan_for_users:
            return str(draft.users)
        short = _("{users}; the plan does not reach them, so the settings stay as they are", users=draft.users)
        return short.render(self.language)


class LogRead(Event):
    """What the processes wrote last."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines


async def _nothing(_tell: Tell) -> Message:
    raise AssertionError("the page does it")


_ANEW: Final = Task(
    _("Start anew"),
    _("Forget this first start, and ask everything again?"),
    "appliance up --answers OTHER",
    _nothing,
    warning=_("Packages, keys and people that are there already stay."),
)


class InstallPage(Page):
    """The steps. What was done stays done: after a fault, or a power cut, it goes on where it stopped."""

    NAME = "install"
    AUTO_FOCUS = ".page"
    HEADING = _("Installing")
    EXPLAINED = _("This takes five to fifteen minutes. After a power cut `appliance tui` goes on where it stopped.")
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        commands.TRY_AGAIN.binding(), commands.LOG.binding(), commands.ANEW.binding(),
    ]  # fmt: skip

    @property
    def run(self) -> Installation:
        """What the page shows; the app does it."""
        return self.setup.installation

    def body(self) -> ComposeResult:
        """Yield the steps and the log."""
        yield Steps()
        log = Lines(id="log")
        log.display = False
        yield log

    def on_mount(self) -> None:
        """Begin, unless the page only comes again, in another language."""
        super().on_mount()
        if self.run.answers is None:
            self.setup.install()
        self.show()

    def on_screen_resume(self) -> None:
        """Go on if it was done while something lay over the page."""
        if self.is_mounted:
            self.show()

    def action_try_again(self) -> None:
        """Do what is not done yet."""
        self.setup.install()

    def show(self) -> None:
        """Show how far it is; go on when it is done, or say what is wrong and how to go on."""
        run, steps = self.run, next(iter(self.query(Steps)), None)
        if steps is None:  # not laid out yet, or not any more
            return
        steps.show(run.steps.values(), self.language)
        self.refresh_bindings()
        if run.done and self.in_front:
            self.setup.go(self.draft, 1)
        elif run.fault is not None:
            steps.break_off(self.language)
            hint = run.fault.hint or _("Mend it, then press F5: it goes on where it stopped.")
            self.tell(Notice("failed", run.fault.message, hint))
        else:
            self.tell(None)
        self.query_one(".page").scroll_end(animate=False)  # the newest step is what one waits for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer another attempt, and a new beginning, where it broke off."""
        if action in ("try_again", "anew"):
            return self.run.fault is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="anew")
    async def action_anew(self) -> None:
        """Ask whether to forget what was answered, then begin at the first page."""
        if await self.app.push_screen_wait(ConfirmTask(_ANEW)):
            self.setup.start_anew()

    def action_log(self) -> None:
        """Show or hide what the processes wrote last."""
        log = self.query_one("#log", Lines)
        log.display = not log.display
        if log.display:
            self._read_log()

    @work(exclusive=True, group="log")
    async def _read_log(self) -> None:
        source = self.setup.source
        try:
            lines = await in_thread(source.log_lines, self.language)
        except ApplianceError as error:
            lines = [error.render(self.language)]
        self.post_message(LogRead(lines))

    def on_log_read(self, event: "LogRead") -> None:
        """Show the log."""
        self.query_one("#log", Lines).say(Content.styled(visible("\n".join(event.lines)) or "–", MUTED))
        self.query_one(".page").scroll_end(animate=False)

    def collect(self) -> Draft:
        """Nobody goes on before it is done."""
        if not self.run.done:
            raise FaultOfPage(_("It is not done yet."))
        return self.draft

    def action_back_page(self) -> None:
        """Nobody goes back while it is at work."""
        if self.run.at_work:
            self.tell(Notice("warning", _("It is at work; wait for the end, or leave with Ctrl+Q and go on later.")))
        else:
            super().action_back_page()


class Answered(Event):
    """What the appliance answered."""

    def __init__(self, text: str, sources: tuple[str, ...], fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.text, self.sources, self.fault = text, sources, fault


class DonePage(Page):
    """Where it is, the key, and a question to try; of a node, which one it is."""

    NAME = "done"
    HEADING = _("Done")
    EXPLAINED = _("The appliance runs. Ask it something; Ctrl+S opens the terminal that runs and watches it.")

    @property
    def run(self) -> Installation:
        """What was installed."""
        return self.setup.installation

    def explained(self) -> Message:
        """Return what can be done now."""
        if self._joins():
            return _("This machine is a node of the appliance now, and needs no more. Ctrl+S leaves.")
        return self.EXPLAINED

    def body(self) -> ComposeResult:
        """Yield addresses, key, question and answer, or the node."""
        parts: list[tuple[str, str]] = []
        for title, value in self._node() if self._joins() else self._appliance():
            parts += [(f"{title.render(self.language)}: ", MUTED), (f"{one_line(value)}\n", "bold")]
        yield Static(Content.assemble(*parts) if parts else Content(""), id="facts")
        if self.run.tour is not None:
            asked = _("Try it: ask the sample documents (Enter)")
            yield Field("question", asked, self.was("question", self._example()), self.language)
            yield Lines(id="answer")

    def show_focused(self) -> None:
        """Show where the appliance is, until somebody writes a question."""
        fields = self.query("#field-question").results(Field)
        if all(field.value == self._example() for field in fields):
            self.query_one(".page").scroll_home(animate=False)
        else:
            super().show_focused()

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Show what is written."""
        self.call_after_refresh(self.show_focused)

    def _example(self) -> str:
        # The samples have other documents in each language, and so the question is another one in Chinese.
        return _("How long can a payment holiday on a mortgage last?").render(self.language)

    def _joins(self) -> bool:
        return self.run.answers is not None and self.run.answers.role == "join"

    def _node(self) -> Iterator[tuple[Message, str]]:
        answers, joined = self.run.answers, self.run.joined
        assert answers is not None
        assert answers.join is not None
        name = joined.name if joined is not None else answers.join.name
        yield _("Node"), name or _("named as this machine").render(self.language)
        if joined is not None:
            yield _("Its address"), joined.address
        yield _("First machine"), joined.head if joined is not None else answers.join.head
        yield _("See it there with"), f"appliance node show {name}" if name else "appliance node list"

    def _appliance(self) -> Iterator[tuple[Message, str]]:
        answers, tour = self.run.answers, self.run.tour
        if answers is None or tour is None:
            return
        site = answers.site_config()
        urls = caller_urls(site, [one.address for one in self.setup.addresses])
        yield _("Endpoints"), ", ".join(f"{url}/v1" for url in urls)
        if self.run.key_file is None:
            none = _("no file any more; `appliance key create` makes one")
            yield _("Key for programs, in"), none.render(self.language)
        else:
            yield _("Key for programs, in"), str(self.run.key_file)
        who = answers.administrator
        yield _("Administrator"), who.name if who is not None else "–"
        if site.gateway.tls is not None and site.gateway.tls.own:
            yield _("What callers must trust"), "appliance gateway certificate --export FILE"
        failed = [row.endpoint for row in tour.rows if not row.ok]
        if failed:
            yield _("Did not answer at once"), ", ".join(failed)

    def command(self) -> str:
        """Return the command that asks, or that shows the nodes."""
        return "appliance node list" if self._joins() else "appliance ask QUESTION"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask."""
        if event.value.strip():
            self.tell(Notice("warning", _("Asking …")))
            self._ask(event.value.strip())

    @work(exclusive=True, group="ask")
    async def _ask(self, question: str) -> None:
        source = self.setup.source
        try:
            text, sources = await in_thread(lambda: source.ask(question), self.language)
        except ApplianceError as error:
            self.post_message(Answered("", (), error))
            return
        self.post_message(Answered(text, sources))

    def on_answered(self, event: Answered) -> None:
        """Show the answer and where it stands."""
        if event.fault is not None:
            self.tell(Notice.of(event.fault))
            return
        self.tell(None)
        parts: list[tuple[str, str]] = [(visible(event.text), "bold")]
        parts += [(f"\n  ▸ {one_line(source)}", MUTED) for source in event.sources]
        self.query_one("#answer", Lines).say(Content.assemble(*parts))

    def action_on(self) -> None:
        """Open the terminal."""
        self.setup.exit("joined" if self._joins() else "terminal")

    def action_back_page(self) -> None:
        """There is no way back: it is installed."""
