"""The text of `appliance.service`: one unit for the head and for workers, which learn from the home what they are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.errors import ConfigError
from appliance.core.messages import _

UNIT_NAME: Final = "appliance.service"
STOP_MARGIN_S: Final = 60
"""What stopping may take beyond the longest generation."""

_TEXT = """\
# Written by `appliance service install`; run it again instead of changing this file.
# Own settings belong into /etc/systemd/system/appliance.service.d/*.conf.
[Unit]
Description=Large-model appliance
Wants=network-online.target
After=network-online.target local-fs.target time-sync.target nvidia-persistenced.service
# A node that cannot be held is tried again for ever: after a power cut its head or its disks may come late.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
User={user}
Environment={environment}
ExecStart={program} run
# A wrong site file (2) and an appliance that runs already (5) do not mend themselves.
Restart=on-failure
RestartPreventExitStatus=2 5
RestartSec=10
# The command gives up by itself; loading models takes as long as it takes.
TimeoutStartSec=infinity
TimeoutStopSec={stop_s}
# The command ends its processes in order; what is left after it is killed.
KillMode=mixed
# One replica that the kernel ends for lack of memory is replaced; the others go on.
OOMPolicy=continue
LimitNOFILE=1048576
LimitMEMLOCK=infinity
LimitCORE=0
TasksMax=infinity
UMask=0077
NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths={home}
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# Not set: PrivateTmp (Ray's sockets may be in /tmp, where commands look for them), PrivateDevices, DevicePolicy and
# ProtectClock (they hide accelerators), MemoryDenyWriteExecute (engines compile at run time).

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class UnitWish:
    """What is particular to one machine. Paths are absolute."""

    program: Path
    home: Path
    user: str
    longest_generation_s: float


def unit_text(wish: UnitWish) -> str:
    """Return the unit. Raises `ConfigError` for a path or a name that a unit cannot hold."""
    return _TEXT.format(
        user=_value(wish.user),
        environment=_quoted(f"APPLIANCE_HOME={wish.home}", dollar="$"),
        program=_quoted(str(wish.program)),
        home=_quoted(f"-{wish.home}", dollar="$"),
        stop_s=int(wish.longest_generation_s) + STOP_MARGIN_S,
    )


def _value(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ConfigError(
            _("{text} cannot stand in a systemd unit: it has a control character.", text=ascii(text)),
            _("Choose a path and a user without such characters."),
        )
    return text.replace("%", "%%")


def _quoted(text: str, dollar: str = "$$") -> str:
    """Return a value in quotes; only command lines replace variables, so only there a `$` is doubled."""
    escaped = _value(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", dollar)
    return f'"{escaped}"'
