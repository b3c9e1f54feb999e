"""Another alias for a model package."""

from collections.abc import Mapping

from textual.app import ComposeResult

from appliance.core.messages import Message, _
from appliance.operations.setup.aliases import alias_fault
from appliance.tui.screens.models_form import ModelsForm
from appliance.tui.wizard.fields import Field


class AliasDialog(ModelsForm[str | None]):
    """One field; what another package has is refused."""

    TITLE_TEXT = _("Alias")

    def __init__(self, package: str, alias: str, taken: Mapping[str, str]) -> None:
        """Take the package, its alias now, and the packages by alias."""
        super().__init__()
        self._package, self._alias, self._taken = package, alias, taken

    def body(self) -> ComposeResult:
        """Yield the field."""
        label = _("Name that callers know {package} by", package=self._package)
        hint = _("`general` answers scenarios; `finance` is for a model tuned for banks.")
        yield Field("alias", label, self._alias, self.language, hint=hint)

    def collect(self) -> str | Message:
        """Return the alias, or why it cannot be."""
        alias = self.query_one(Field).value
        return alias_fault(alias, self._package, self._taken) or alias

    def command(self) -> str:
        """Return the command that plans with it."""
        return f"appliance plan --model {self.query_one(Field).value}={self._package}"
