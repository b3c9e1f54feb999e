"""The last resort of both apps: what nobody foresaw becomes a sentence on the terminal and a traceback in a file.

The toolkit's own report shows the values of local variables, and so passwords and keys.
"""

import os
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

from rich.text import Text
from textual.app import App
from textual.worker import WorkerFailed

from appliance.core.clock import iso, utc_now
from appliance.core.messages import _
from appliance.tui.drawing import one_line

CRASH_LOG: Final = "terminal.log"
_LARGEST: Final = 1 << 20
_Result = TypeVar("_Result")


class GuardedApp(App[_Result]):
    """An app that ends on a defect with exit code 1, as commands do, and shows no value of the program."""

    language: str

    def crash_folder(self) -> Path | None:
        """Return the folder of logs on this machine; None where there is none, and a temporary file is made."""
        return None

    def secrets(self) -> Iterable[str]:
        """Yield what must not stand in the file, should a library put it into its complaint."""
        return ()

    def _handle_exception(self, error: Exception) -> None:
        first = self._exception is None
        told = self._reported(error.error if isinstance(error, WorkerFailed) else error) if first else None
        super()._handle_exception(error)  # exit code and end, as of any fault
        if told is not None:
            self._exit_renderables[:] = [told]

    def _fatal_error(self) -> None:
        """End without the toolkit's report."""
        self.bell()
        self._close_messages_no_wait()

    def _reported(self, error: BaseException) -> Text:
        """Write the traceback down; return what the terminal says."""
        message = _("The terminal ended because of a defect.")
        try:
            reason, details = self._cleaned(error)
            message = _("The terminal ended because of a defect: {reason}", reason=one_line(reason))
            hint = _("What was done stays done. Report it with the file {file}.", file=self._written(details))
        except (OSError, ImportError) as fault:  # a full disk, too many open files: still no traceback
            hint = _("What was done stays done. Report it; the details could not be kept: {reason}.",
                     reason=type(fault).__name__)  # fmt: skip
        said = (f"{_('Error:').render(self.language)} ", "bold red")
        return Text.assemble(said, message.render(self.language), ("\n→ ", "bold"), hint.render(self.language))

    def _cleaned(self, error: BaseException) -> tuple[str, str]:
        """Return what happened in one line, and the whole traceback; neither holds a secret or personal data."""
        from appliance.operations.redaction import Redactor  # wanted once, when all is lost

        redactor = Redactor(self.secrets())
        reason, _counts = redactor.clean(f"{type(error).__name__}: {error}")
        details, _counts = redactor.clean("".join(traceback.format_exception(error)))
        return reason, details

    def _written(self, details: str) -> Path:
        """Append to the log, which its owner alone reads; return it. Raises OSError."""
        folder = self.crash_folder()
        if folder is None:
            descriptor, name = tempfile.mkstemp(prefix="appliance-terminal-", suffix=".log")
            file = Path(name)
        else:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = folder / CRASH_LOG
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            os.fchmod(descriptor, 0o600)
            if os.fstat(descriptor).st_size > _LARGEST:
                os.ftruncate(descriptor, 0)
            log.write(f"{iso(utc_now())}\n{details}\n".encode(errors="replace"))
        return file


def run_app(app: GuardedApp[_Result]) -> _Result | None:
    """Run an app until it is left and return its result; end the process with its exit code where it failed."""
    result = app.run()
    if app.return_code:
        raise SystemExit(app.return_code)
    return result
