"""The home folder's layout. One place knows where things are; nobody else joins paths."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core.errors import ConfigError
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _

CA_KEY: Final = "ca.key"
CA_CERTIFICATE: Final = "ca.pem"
NODE_KEY: Final = "node.key"
NODE_CERTIFICATE: Final = "node.pem"
"""Names inside `Home.secrets`, for what is given that folder alone."""


@dataclass(frozen=True)
class Home:
    """Paths below `$APPLIANCE_HOME` (mode 0700)."""

    root: Path

    @property
    def site_file(self) -> Path:
        """The site file; absent means defaults."""
        return self.root / "site.yaml"

    @property
    def tour_charts(self) -> Path:
        """Charts of the answers that `up` shows at its end."""
        return self.root / "charts"

    @property
    def tour_files(self) -> Path:
        """Files that came of the scenarios that `up` tries at its end, such as a report."""
        return self.root / "tour"

    @property
    def admin_key_file(self) -> Path:
        """The first admin key, in plain text, mode 0600."""
        return self.root / "admin.key"

    @property
    def secrets(self) -> Path:
        """Pepper, cluster token, keys and certificates of nodes, each file 0600."""
        return self.root / "secrets"

    @property
    def pepper_file(self) -> Path:
        """32 random bytes that key hashes are made with."""
        return self.secrets / "pepper"

    @property
    def ray_token_file(self) -> Path:
        """The token that every Ray process of this cluster must show."""
        return self.secrets / "ray.token"

    @property
    def ca_key_file(self) -> Path:
        """The key that certificates of nodes are signed with; on the head only."""
        return self.secrets / CA_KEY

    @property
    def ca_file(self) -> Path:
        """The certificate of the appliance's own authority, which nodes know each other by."""
        return self.secrets / CA_CERTIFICATE

    @property
    def node_key_file(self) -> Path:
        """The node's own key; it never leaves the node."""
        return self.secrets / NODE_KEY

    @property
    def node_certificate_file(self) -> Path:
        """The node's certificate, signed by the authority."""
        return self.secrets / NODE_CERTIFICATE

    @property
    def node_file(self) -> Path:
        """What a worker knows of itself: role, node id, the head's address; absent on the head."""
        return self.root / "node.json"

    @property
    def gateways_file(self) -> Path:
        """Addresses of the gateways of all nodes, for the command line; absent where there is one node."""
        return self.root / "gateways.json"

    @property
    def state(self) -> Path:
        """The database's folder."""
        return self.root / "state"

    @property
    def database(self) -> Path:
        """The SQLite file, where the site file names no other database."""
        return self.state / "appliance.db"

    @property
    def gcs(self) -> Path:
        """What Ray's control service knows, so that it survives a restart of the head."""
        return self.state / "gcs"

    @property
    def audit_keys(self) -> Path:
        """The keys that the audit is signed and its contents are sealed with, each file 0600."""
        return self.secrets / "audit"

    @property
    def review_keys(self) -> Path:
        """The keys that answers which wait for a person are sealed with, each file 0600."""
        return self.secrets / "reviews"

    @property
    def audit_public_keys_file(self) -> Path:
        """What the audit can be verified with, elsewhere too."""
        return self.root / "audit-public-keys.pem"

    @property
    def audit_witness_file(self) -> Path:
        """The newest checkpoint of the audit, beside the database."""
        return self.state / "audit-witness.json"

    @property
    def documents(self) -> Path:
        """Original files of the knowledge bases: the truth that indexes are rebuilt from."""
        return self.root / "documents"

    @property
    def files(self) -> Path:
        """Files that callers uploaded for batches, and what came of them, each under its id."""
        return self.root / "files"

    @property
    def batch_lock_file(self) -> Path:
        """Locked by the one process that runs batches."""
        return self.run / "batch.lock"

    @property
    def supervisor_file(self) -> Path:
        """What the supervisor of this node tells: its processes, restarts, the last failure."""
        return self.run / "supervisor.json"

    @property
    def node_state_file(self) -> Path:
        """What the head says of this worker (`cluster.membership.NodeStanding`); absent until it has said something."""
        return self.run / "node-state.json"

    @property
    def ledger_socket(self) -> Path:
        """Where the ledger listens for gateways on the same machine, mode 0600."""
        return self.run / "ledger.sock"

    @property
    def indexes(self) -> Path:
        """Search indexes: a cache."""
        return self.root / "indexes"

    @property
    def models(self) -> Path:
        """One folder a model package."""
        return self.root / "models"

    @property
    def packages(self) -> Path:
        """Packages that were installed, each with the release before."""
        return self.root / "packages"

    @property
    def trusted_keys(self) -> Path:
        """Public keys of those whose packages are installed, `*.pub`."""
        return self.root / "trusted-keys"

    @property
    def calibration_file(self) -> Path:
        """Speeds that were measured here; absent: plans rest on data sheets."""
        return self.root / "calibration.json"

    @property
    def acceptance_file(self) -> Path:
        """The site's own golden questions; absent: the shipped ones."""
        return self.root / "acceptance.yaml"

    @property
    def downloads(self) -> Path:
        """Wheels that model packages are built from; may be deleted."""
        return self.root / "downloads"

    @property
    def logs(self) -> Path:
        """Logs of the processes that `up` starts."""
        return self.root / "logs"

    @property
    def returning_file(self) -> Path:
        """Names the release that a return is under way to; there while it is unfinished."""
        return self.root / "returning-to"

    @property
    def run(self) -> Path:
        """What describes the running instance: gone after `down`."""
        return self.root / "run"

    @property
    def shown_certificate_file(self) -> Path:
        """The certificate that the gateway shows its callers now; absent without TLS, and after `down`."""
        return self.run / "gateway.pem"

    @property
    def backup_staging(self) -> Path:
        """What a backup is made of while it is made; on the disk of the documents, so that they are linked."""
        return self.run / "backup"

    @property
    def restoring(self) -> Path:
        """What a restore puts in place, until it is whole; `restore_journal` in it says that the switch has begun."""
        return self.root / "restoring"

    @property
    def restore_journal(self) -> Path:
        """Present while a restore replaces the old state: it must be finished before anything reads the state."""
        return self.restoring / "switch.json"

    @property
    def instance_file(self) -> Path:
        """The running instance: id, process ids, ports."""
        return self.run / "instance.json"

    def create(self) -> None:
        """Make the home and its folders with mode 0700. Raises `DiskFull`, and `ConfigError` where it cannot be."""
        folders = (
            self.secrets, self.state, self.documents, self.files, self.indexes, self.models, self.logs, self.run,
        )  # fmt: skip
        try:
            with reporting_full_disk(self.root):
                for folder in (self.root, *folders):
                    folder.mkdir(parents=True, exist_ok=True)
                    folder.chmod(0o700)
        except OSError as error:
            raise ConfigError(
                _("The home folder {path} cannot be used: {reason}.", path=self.root, reason=error.strerror),
                _("Name another with --home or APPLIANCE_HOME, or run the command as the user who owns it."),
            ) from error
