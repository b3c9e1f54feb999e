"""`appliance doctor --record`: this machine as a file that can be sent and replayed."""

from pathlib import Path

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.hardware.recording import record_machine


def write_record(file: Path) -> None:
    """Write facts, live readings and the raw outputs of the vendors' tools. Raises `InvalidRequest`.

    The file names neither host nor user nor process; it has the identifiers of the cards.
    """
    text = record_machine()
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(
            _("The machine cannot be recorded in {file}: {reason}.", file=file, reason=error.strerror),
            _("Name a file in a folder that this user may write."),
            param="record",
        ) from error
