"""Give up a first start that has not come to its end, so that another can begin with other answers."""

from pathlib import Path

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.core.errors import AlreadyRunning, ApplianceError
from appliance.core.messages import _
from appliance.operations.nodes.worker_files import remove_worker_files
from appliance.operations.setup.answers import is_written_here, read_answers
from appliance.operations.setup.journal import answers_file, journal_file, read_journal, set_damaged_aside, unfinished
from appliance.operations.setup.site_writing import says_same
from appliance.operations.starting_lock import only_setup, runs


def abandon(home: Home) -> tuple[Path, ...]:
    """Remove what a first start has written down: journal, answers and site file; return what is gone.

    Files of others stay, and so do packages, keys and people, which the next one finds. Nothing is done where no first
    start is under way. Raises `AlreadyRunning` while one is at work, or the appliance runs.
    """
    if not unfinished(home):
        return ()
    with only_setup(home):
        if runs(home):
            raise AlreadyRunning(
                _("The appliance of {folder} runs.", folder=home.root), _("Stop it with `appliance down`.")
            )
        member = read_membership(home)
        if member is not None and member.state == "joining":
            remove_worker_files(home)
        gone = [home.site_file] if _is_ours(home) else []
        gone += [answers_file(home)] if is_written_here(answers_file(home)) else []
        set_damaged_aside(home)
        for file in (*gone, journal_file(home)):  # the journal last: until then this can be done again
            file.unlink(missing_ok=True)
    return tuple(gone)


def _is_ours(home: Home) -> bool:
    """Tell whether the site file is a first start's, by the journal, or where that is damaged by the answers."""
    if not home.site_file.exists():
        return False
    journal = read_journal(home)
    if journal is not None:
        return journal.wrote_site(home.site_file.read_bytes())
    try:
        return is_written_here(answers_file(home)) and says_same(home, read_answers(answers_file(home)))
    except ApplianceError:  # neither says whose it is: it stays
        return False
