"""Exit codes: one table from the error tree, documented in docs/cli.md."""

from enum import IntEnum

from appliance.core.errors import (
    AlreadyRunning,
    ApplianceError,
    ConfigError,
    NotRunning,
    PackageError,
    PreflightError,
    RequestError,
    StartFailed,
    Unavailable,
)


class ExitCode(IntEnum):
    """What the shell sees. A code keeps its meaning for ever; new ones are added at the end."""

    OK = 0
    """Done."""
    UNEXPECTED = 1
    """A defect of the appliance: a traceback is printed, please report it."""
    USAGE = 2
    """The command line or the site file is wrong."""
    PREFLIGHT = 3
    """This machine cannot start the appliance as it is: a port, the disk or the memory."""
    NOT_RUNNING = 4
    """The command needs the running appliance."""
    ALREADY_RUNNING = 5
    """The appliance runs already."""
    START_FAILED = 6
    """A part did not become healthy, or did not answer its first question."""
    REFUSED = 7
    """The request was refused: a key, an unknown name, or a file or value that cannot be used."""
    UNAVAILABLE = 8
    """The request is fine, the appliance or its database cannot serve it now: try again."""
    CHECKS_FAILED = 9
    """`doctor` found something that must be mended, or `plan` that something does not fit or falls short."""
    PACKAGE = 10
    """A model or package is damaged, unknown or not allowed."""
    INTERRUPTED = 130
    """Stopped from the keyboard."""


EXIT_CODES: dict[type[ApplianceError], ExitCode] = {
    ConfigError: ExitCode.USAGE,
    PreflightError: ExitCode.PREFLIGHT,
    NotRunning: ExitCode.NOT_RUNNING,
    AlreadyRunning: ExitCode.ALREADY_RUNNING,
    StartFailed: ExitCode.START_FAILED,
    PackageError: ExitCode.PACKAGE,
    RequestError: ExitCode.REFUSED,
    Unavailable: ExitCode.UNAVAILABLE,
}
"""One line for each branch of the tree; the kinds below a branch share its code."""


def exit_code_for(error: ApplianceError) -> ExitCode:
    """Return the code of the nearest branch that `error` belongs to."""
    for kind in type(error).__mro__:
        if kind in EXIT_CODES:
            return EXIT_CODES[kind]
    return ExitCode.UNEXPECTED
