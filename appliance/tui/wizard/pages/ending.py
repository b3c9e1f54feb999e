"""The last pages: what will be done, doing it, and the first question."""

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, Static

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations.tour import Tour
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.local import follow, in_thread
from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.steps import Steps
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Field
from appliance.tui.wizard.page import FaultOfPage, Page


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
                (_("For further machines"), draft.cluster_address),
                (_("Administrator"), draft.administrator),
                (_("Packages"), ", ".join(path.name for path in draft.packages) or "–"),
                (_("Keys trusted from now on"), ", ".join(path.name for path in draft.trust) or "–"),
                (_("Model that answers"), draft.general or "base"),
                (_("People at once"), str(draft.users)),
            ]
        rows.append((_("Answers are written to"), str(self.setup.source.answers_file)))
        parts: list[tuple[str, str]] = []
        for title, value in rows:
            parts += [(f"{title.render(self.language)}: ", MUTED), (f"{one_line(value)}\n", "bold")]
        return Content.assemble(*parts)


class StepTold(Event):
    """A step's news."""

    def __init__(self, news: Progress) -> None:
        super().__init__()
        self.news = news


class InstallEnded(Event):
    """It is installed, or why it is not."""

    def __init__(self, tour: Tour | None, fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.tour, self.fault = tour, fault


class InstallPage(Page):
    """The steps. What was done stays done: after a fault, or a power cut, it goes on where it stopped."""

    NAME = "install"
    AUTO_FOCUS = ".page"
    HEADING = _("Installing")
    EXPLAINED = _("This takes five to fifteen minutes. After a power cut `appliance tui` goes on where it stopped.")
    BINDINGS = [commands.TRY_AGAIN.binding(), commands.LOG.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._at_work = self._done = False

    def body(self) -> ComposeResult:
        """Yield the steps and the log."""
        yield Steps()
        log = Lines(id="log")
        log.display = False
        yield log

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.action_try_again()

    def action_try_again(self) -> None:
        """Do what is not done yet."""
        if self._at_work or self._done:
            return
        self._at_work = True
        self.query_one(Steps).clear()
        self.tell(None)
        self._install()

    @work(exclusive=True, group="install")
    async def _install(self) -> None:
        source, draft = self.setup.source, self.draft
        answers = self.setup.left.answers if self.setup.left is not None else draft.answers()
        try:
            await in_thread(lambda: source.write(answers), self.language)
            found = await follow(lambda: source.run(answers, draft.password or None), self._tell_step, self.language)
        except ApplianceError as error:
            self.post_message(InstallEnded(None, error))
            return
        self.post_message(InstallEnded(found[-1] if found else None))

    def _tell_step(self, news: Progress) -> None:
        self.post_message(StepTold(news))

    def on_step_told(self, event: StepTold) -> None:
        """Show a step."""
        self.query_one(Steps).tell(event.news, self.language)
        self.query_one(".page").scroll_end(animate=False)  # the newest step is what one waits for

    def on_install_ended(self, event: InstallEnded) -> None:
        """Go on, or say what is wrong and how to go on."""
        self._at_work = False
        if event.fault is not None:
            self.query_one(Steps).break_off(self.language)
            hint = event.fault.hint or _("Mend it, then press F5: it goes on where it stopped.")
            self.tell(Notice("failed", event.fault.message, hint))
            return
        self._done = True
        self.setup.tour = event.tour
        self.setup.go(self.draft, 1)

    def action_log(self) -> None:
        """Show or hide what the processes wrote last."""
        log = self.query_one("#log", Lines)
        log.display = not log.display
        if log.display:
            self._read_log()

    @work(exclusive=True, group="log")
    async def _read_log(self) -> None:
        source = self.setup.source
        lines = await in_thread(source.log_lines, self.language)
        self.query_one("#log", Lines).say(Content.styled(visible("\n".join(lines)) or "–", MUTED))

    def collect(self) -> Draft:
        """Nobody goes on before it is done."""
        if not self._done:
            raise FaultOfPage(_("It is not done yet."))
        return self.draft

    def action_back_page(self) -> None:
        """Nobody goes back while it is at work."""
        if self._at_work:
            self.tell(Notice("warning", _("It is at work; wait for the end, or leave with Ctrl+Q and go on later.")))
        else:
            super().action_back_page()


class Answered(Event):
    """What the appliance answered."""

    def __init__(self, text: str, sources: tuple[str, ...], fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.text, self.sources, self.fault = text, sources, fault


class DonePage(Page):
    """Where it is, the key, and a question to try."""

    NAME = "done"
    HEADING = _("Done")
    EXPLAINED = _("The appliance runs. Ask it something; Ctrl+S opens the terminal that runs and watches it.")

    def body(self) -> ComposeResult:
        """Yield addresses, key, question and answer."""
        tour = self.setup.tour
        rows: list[tuple[Message, str]] = []
        if tour is not None:
            rows = [
                (_("Endpoints"), tour.address),
                (_("Key for programs, in"), str(tour.admin_key_file)),
                (_("Administrator"), self.draft.administrator or "–"),
            ]
            failed = [row.endpoint for row in tour.rows if not row.ok]
            if failed:
                rows.append((_("Did not answer at once"), ", ".join(failed)))
        parts: list[tuple[str, str]] = []
        for title, value in rows:
            parts += [(f"{title.render(self.language)}: ", MUTED), (f"{one_line(value)}\n", "bold")]
        yield Static(Content.assemble(*parts) if parts else Content(""))
        if tour is not None:
            yield Field("question", _("Try it: ask the sample documents (Enter)"), self._example(), self.language)
            yield Lines(id="answer")

    def _example(self) -> str:
        chinese = "发现可疑交易要在多长时间内上报？"
        return chinese if self.language.startswith("zh") else "How long can a payment holiday on a mortgage last?"

    def command(self) -> str:
        """Return the command that asks."""
        return "appliance ask QUESTION"

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
        self.setup.exit("terminal" if self.setup.tour is not None else "joined")

    def action_back_page(self) -> None:
        """There is no way back: it is installed."""
