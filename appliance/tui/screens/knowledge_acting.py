"""What the screens of knowledge bases share: the source, what the reader may change, and tasks that end in a notice."""

from pathlib import Path
from typing import TypeVar

from textual import work

from appliance.core.messages import _
from appliance.tui.acting import Task
from appliance.tui.knowledge_source import KnowledgeSource
from appliance.tui.local import in_thread
from appliance.tui.screens import knowledge_tasks
from appliance.tui.screens.knowledge_dialogs import PathDialog
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Notice

_Result = TypeVar("_Result")


class KnowledgeModeScreen(ModeScreen[_Result]):
    """A screen of the mode `knowledge`, with the actions on a base."""

    MODE = "knowledge"
    COMPACT_BELOW = 90

    def __init__(self) -> None:
        super().__init__()
        self.notice: Notice | None = None

    @property
    def source(self) -> KnowledgeSource:
        """Where knowledge bases come from."""
        source = self.terminal.sources.knowledge
        assert source is not None, "the terminal was given it"
        return source

    @property
    def may_change(self) -> bool:
        """Whether the reader may change documents."""
        return self.terminal.view.may("knowledge.write")

    def standing_notice(self) -> Notice | None:
        """Say that nothing can be changed here, once it is known who reads."""
        view = self.terminal.view
        if view.who is None or self.may_change or not view.may("knowledge.read"):
            return None
        return Notice("warning", _("Read only: this key may not change knowledge bases."))

    def base_in_front(self) -> str | None:
        """Return the name of the base that keys act on."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what the reader may not do, and what has nothing to act on."""
        if action in ("upload", "rebuild"):
            return self.may_change and self.base_in_front() is not None
        if action == "search":
            return self.base_in_front() is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="acting")
    async def action_upload(self) -> None:
        """Ask for a file or folder and put it into the base."""
        base = self.base_in_front()
        if base is None:
            return
        path: Path | None = await self.app.push_screen_wait(PathDialog(base))
        if path is not None:
            language = self.terminal.language
            folder = await in_thread(path.is_dir, language)
            await self.do(knowledge_tasks.upload(self.source, base, path, language, folder=folder))

    @work(exclusive=True, group="acting")
    async def action_rebuild(self) -> None:
        """Make the search index again."""
        base = self.base_in_front()
        if base is not None:
            await self.do(knowledge_tasks.rebuild(self.source, base))

    async def do(self, task: Task) -> Notice | None:
        """Do a task, keep what came of it as the notice, and read again."""
        notice = await perform(self.app, task)
        if notice is not None:
            self.reload()
            self.notice = notice
            self.show(self.terminal.view)
        return notice
