"""Files and batches of one gateway replica."""

from dataclasses import dataclass
from pathlib import Path

from appliance.config.governing import BatchSettings
from appliance.state.batches.batches import Batches
from appliance.state.batches.files import Files
from appliance.state.batches.runs import BatchRuns
from appliance.state.database import Database


@dataclass(frozen=True)
class GatewayBatches:
    """What the routes of files and batches, and the runner of batches, work on."""

    files: Files
    batches: Batches
    runs: BatchRuns
    settings: BatchSettings


def open_batches(database: Database, folder: Path, settings: BatchSettings) -> GatewayBatches:
    """Return the files and batches in `database`, the bytes of files in `folder`."""
    return GatewayBatches(Files(database, folder), Batches(database), BatchRuns(database), settings)
