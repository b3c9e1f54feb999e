"""Stop what `up` started from a home folder, and nothing else."""

import shutil
from collections.abc import Iterator

from appliance.cluster.instance import end_processes, processes_of, read_instance
from appliance.cluster.node import remove_temp_folder
from appliance.cluster.supervision import end_supervisor
from appliance.config.home import Home
from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.core.progress import Progress


def take_down(home: Home, *, keep_cluster: bool = False) -> Iterator[Progress]:
    """End every process of this home's instance and yield the step's news. Nothing running is no error.

    With `keep_cluster` the next start finds what Ray's control service knew: nodes and applications.
    """
    title = _("Stop the appliance")
    instance = read_instance(home.instance_file)
    if instance is None:
        yield Progress("stop", title, "skipped", _("nothing runs"))
        return
    yield Progress("stop", title)
    running = len(processes_of(instance))
    end_supervisor(home)  # first, and in order: it would start again what ends
    end_processes(instance)
    left = processes_of(instance)
    if left:
        raise StartFailed(
            _("These processes cannot be stopped: {pids}.", pids=", ".join(str(process.pid) for process in left)),
            _("Run `appliance down` as the user who started them."),
        )
    remove_traces(home)
    if not keep_cluster:
        shutil.rmtree(home.gcs, ignore_errors=True)
    yield Progress("stop", title, "done", _("processes ended: {count}", count=running))


def remove_traces(home: Home) -> None:
    """Remove what described an instance that runs no more."""
    remove_temp_folder(home.root, home.logs)
    home.supervisor_file.unlink(missing_ok=True)
    home.shown_certificate_file.unlink(missing_ok=True)
    home.instance_file.unlink(missing_ok=True)
