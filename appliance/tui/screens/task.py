"""The two dialogs of a task: the question whether it is meant, and its steps while it is done."""

from typing import Any

from textual import work
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Footer, Static

from appliance.core.errors import ApplianceError, ApprovalNeeded
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.tui import commands
from appliance.tui.acting import Task
from appliance.tui.drawing import MUTED
from appliance.tui.screens.localised import LocalisedDialog, _Result
from appliance.tui.view import Notice
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.steps import Steps


class TaskDialog(LocalisedDialog[_Result]):
    """A box that names what is done, with its own keys below."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.about = task

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel") as box:
            box.border_title = self.about.title.render(language)
            if self.about.named is not None:
                yield Static(Content.styled(self.about.named.render(language), MUTED), classes="named")
            yield from self.body()
            line = CommandLine()
            yield line
            yield Footer(show_command_palette=False)
        line.show(self.about.command)

    def body(self) -> ComposeResult:
        """Yield what is this dialog's own."""
        raise NotImplementedError


class ConfirmTask(TaskDialog[bool]):
    """Asks whether a task is meant: True for yes. Enter does nothing, so that a held key confirms nothing."""

    BINDINGS = [commands.CONFIRM.binding(), commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def body(self) -> ComposeResult:
        """Yield the question, and what is lost."""
        language = self.terminal.language
        yield Static(Content.styled(self.about.question.render(language), "bold"), classes="asked")
        if self.about.warning is not None:
            yield Static(Content.styled(f"▲ {self.about.warning.render(language)}", "$text-warning"), classes="asked")

    def action_confirm(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(False)


class Ended(Event):
    """A task has ended, and how."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice


class StepTold(Event):
    """A task told of a step."""

    def __init__(self, news: Progress) -> None:
        super().__init__()
        self.news = news


class RunTask(TaskDialog[Notice]):
    """Does a task and shows its steps. It stays until the task has ended; then any of its keys goes back."""

    BINDINGS = [commands.CLOSE_TASK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._notice: Notice | None = None

    def body(self) -> ComposeResult:
        """Yield the steps and what came of it."""
        with VerticalScroll(classes="steps"):
            yield Steps()
        yield NoticeLine()

    def on_mount(self) -> None:
        """Begin."""
        self.query_one(NoticeLine).show(Notice("warning", _("This takes a moment …")), self.terminal.language)
        self._do()

    @work(exclusive=True, group="task")
    async def _do(self) -> None:
        try:
            said = await self.about.work(self._tell)
        except ApprovalNeeded as error:  # somebody else has to agree: it was asked for, nothing has failed
            self.post_message(Ended(Notice("warning", error.message, error.hint)))
        except ApplianceError as error:
            self.post_message(Ended(Notice.of(error)))
        else:
            self.post_message(Ended(Notice("done", said)))

    def _tell(self, news: Progress) -> None:
        self.post_message(StepTold(news))

    def on_step_told(self, event: StepTold) -> None:
        """Show a step."""
        self.query_one(Steps).tell(event.news, self.terminal.language)

    def on_ended(self, event: Ended) -> None:
        """Show what came of it; without steps and after a success there is nothing to read, so go back at once."""
        self._notice = event.notice
        steps = self.query_one(Steps)
        if event.notice.kind != "done":
            steps.break_off(self.terminal.language)
        elif not steps.steps:
            self.dismiss(event.notice)
            return
        self.query_one(NoticeLine).show(event.notice, self.terminal.language)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nobody leaves while the task is at work: it would seem to have ended."""
        return self._notice is not None if action == "leave" else super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Go back with what came of it."""
        if self._notice is not None:
            self.dismiss(self._notice)


async def perform(app: App[Any], task: Task) -> Notice | None:
    """Ask, do it, and return what came of it; None where it was not meant. Call it in a worker."""
    if task.asks and not await app.push_screen_wait(ConfirmTask(task)):
        return None
    return await app.push_screen_wait(RunTask(task))
