"""The newest checkpoint kept outside the database: without it, putting back an older database would look whole."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.state.audit.statements import Statement


@dataclass
class Witness:
    """A file with one signed checkpoint. Processes that share the file may each keep theirs: the newest stays."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def keep(self, checkpoint: Statement) -> None:
        """Write `checkpoint` unless the file has a newer one."""
        with self._lock:
            known = self.read()
            if known is None or known.seq < checkpoint.seq:
                write_durably(self.path, json.dumps(checkpoint.to_dict()).encode())

    def read(self) -> Statement | None:
        """Return the checkpoint; None: none was kept yet. Raises `ConfigError`."""
        try:
            return Statement.from_dict(json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ConfigError(
                _("The file {path} cannot be read: {reason}.", path=self.path, reason=error),
                _("Put it back from a backup; it proves how far the audit log went."),
            ) from error
