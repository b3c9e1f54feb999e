"""The audit log of a home that has one, for whoever writes single records beside the ledger."""

from pathlib import Path

from appliance.core.cryptography.choice import DEFAULT_SUITE
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.witness import Witness
from appliance.state.database import Database


def begun_log(database: Database, keys_folder: Path, public_keys: Path, witness: Path) -> AuditLog | None:
    """Return the audit log, with the algorithms that it is signed with; None before the appliance's first start."""
    keys = AuditKeys(keys_folder, public_keys, DEFAULT_SUITE)
    head = AuditLog(database, keys).head() if keys.exist else None
    if head is None:
        return None
    return AuditLog(database, AuditKeys(keys_folder, public_keys, head.suite), Witness(witness))
