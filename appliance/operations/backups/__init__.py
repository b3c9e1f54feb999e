"""Backups of the head node: made while it runs, encrypted, read back, restored all or nothing, every day."""

from appliance.operations.backups.creating import Created, create_backup
from appliance.operations.backups.folder import KeptBackup, backups_in, folder_of
from appliance.operations.backups.keys import create_backup_key
from appliance.operations.backups.manifest import BackupManifest
from appliance.operations.backups.restoring import Restored, restore_backup
from appliance.operations.backups.scheduling import (
    UNIT,
    UNIT_FOLDER,
    Schedule,
    make_schedule,
    systemd_runs,
    write_units,
)
from appliance.operations.backups.switch import check_no_restore, finish_restore
from appliance.operations.backups.verifying import read_identity, verify_backup

__all__ = [
    "UNIT", "UNIT_FOLDER", "BackupManifest", "Created", "KeptBackup", "Restored", "Schedule", "backups_in",
    "check_no_restore", "create_backup", "create_backup_key", "finish_restore", "folder_of", "make_schedule",
    "read_identity", "restore_backup", "systemd_runs", "verify_backup", "write_units",
]  # fmt: skip
