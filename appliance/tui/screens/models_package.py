"""One installed package: its releases, who signed it, and what can be done with it."""

from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import ComposeResult

from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.tui import commands, figures, models_keys
from appliance.tui.acting import Task
from appliance.tui.drawing import one_line
from appliance.tui.local import in_thread
from appliance.tui.screens import models_package_actions
from appliance.tui.screens.models_base import FactsPanel, Known, ModelsBase
from appliance.tui.screens.models_cells import KINDS, is_doubtful
from appliance.tui.screens.models_licence import LicenceScreen
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.notice_line import NoticeLine

if TYPE_CHECKING:
    from appliance.operations.package_facts import InstalledPackage
    from appliance.packages.signed.store import Release


class PackageScreen(ModelsBase[None]):
    """The release in use and the one that is kept beside it."""

    AUTO_FOCUS = "#release-used"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (
            models_keys.ROLL_BACK, models_keys.REMOVE, models_keys.LICENCE, commands.BACK, commands.NEXT_PANEL,
        )
    ]  # fmt: skip

    def __init__(self, known: Known, key: str) -> None:
        super().__init__(known)
        self._key = key

    def body(self) -> ComposeResult:
        """Yield both releases."""
        yield NoticeLine()
        yield FactsPanel(id="release-used", classes="panel")
        yield FactsPanel(id="release-kept", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the package."""
        super().show(view)
        package, language = self._package, view.language
        used, kept = self.query_one("#release-used", FactsPanel), self.query_one("#release-kept", FactsPanel)
        kept.display = package is not None and package.kept is not None
        if package is None:
            used.facts(self._key, [(_("State"), _("not installed any more").render(language))], language)
            return
        name = f"{KINDS[package.kind].render(language)} {one_line(package.name)}"
        used.facts(f"{name} ● {_('in use').render(language)}", _facts(package, package.used, language), language)
        kept.facts(f"{name} ○ {_('kept beside').render(language)}", _facts(package, package.kept, language), language)
        verb = "rollback" if package.kept is not None and self.may_act() else None
        told = "appliance package list" if verb is None else f"appliance package {verb} {self._key.replace('/', ' ')}"
        self.query_one(CommandLine).show(told)

    @property
    def _package(self) -> "InstalledPackage | None":
        return self.known.package(self._key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done."""
        if action not in ("roll_back", "remove", "licence"):
            return super().check_action(action, parameters)
        package = self._package
        if package is None:
            return False
        if action == "licence":
            return True
        if not self.may_act():
            return False
        if action == "remove":
            return package.kind != "platform"
        return package.used is not None and package.kept is not None

    def action_back(self) -> None:
        """Go back to the lists."""
        self.dismiss(None)

    @work(exclusive=True, group="licence")
    async def action_licence(self) -> None:
        """Show the text of the licence."""
        if (package := self._package) is not None:
            release = package.shown
            unpacked = await in_thread(release.files.is_dir, self.terminal.language)
            folder = release.files if unpacked else release.folder
            self.app.push_screen(LicenceScreen(one_line(release.manifest.title), folder, release.manifest.licence))

    def action_roll_back(self) -> None:
        """Put the other release in use."""
        if (package := self._package) is not None:
            self.prepare(lambda: way_back(self, package))

    def action_remove(self) -> None:
        """Remove the package."""
        if (package := self._package) is not None:
            self.act(models_package_actions.remove(self.source, package, self.terminal.language))


async def way_back(screen: ModelsBase[Any], package: "InstalledPackage") -> Task:
    """Return the task that puts the other release in use; of the platform it is asked first what would be lost."""
    lost = None
    if package.kind == "platform":
        lost = await screen.told_here(lambda work: work.lost_by_return())
        lost = lost or _("The appliance stops and starts again.")
    return models_package_actions.roll_back_package(screen.source, package, lost, screen.terminal.language)


def _facts(package: "InstalledPackage", release: "Release | None", language: str) -> list[tuple[Message, str]]:
    if release is None:
        return [(_("State"), _("no release is in use").render(language))]
    manifest = release.manifest
    signer = figures.UNKNOWN if package.signed_by is None else package.signed_by
    if is_doubtful(package):
        signer = _("{key} ▲ not trusted any more", key=signer).render(language)
    files = f"{len(manifest.files)}, {human_bytes(manifest.total_unpacked)}"
    return [
        (_("Version"), one_line(manifest.version)),
        (_("Release"), str(manifest.release_counter)),
        (_("Files"), files),
        (_("Licence"), one_line(manifest.licence)),
        (_("Source"), one_line(manifest.source)),
        (_("Made"), manifest.created.date().isoformat()),
        (_("Signed by"), signer),
    ]
