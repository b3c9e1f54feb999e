"""What tests of first starts have in common."""

from appliance.cluster.membership import Membership, Peer
from appliance.core.progress import Progress

PASSWORD = "Quiet-Harbour-27"


def steps(news):
    return [(one.step, one.state) for one in news if isinstance(one, Progress) and one.state != "running"]


def write_secret(file, text, mode=0o600):
    file.write_text(text)
    file.chmod(mode)


def member(state):
    """Return what a node knows of itself."""
    head = Peer(id="head", address="10.0.0.1", port=6380)
    return Membership(state=state, node_id="n-1", name="box-2", address="10.0.0.2", head=head)
