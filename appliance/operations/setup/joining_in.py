"""The first start of a machine that becomes a node: done again it goes on where it stopped."""

from collections.abc import Generator, Iterator
from pathlib import Path

from appliance.cluster.membership import Membership, read_membership
from appliance.config.home import Home
from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.nodes import joining
from appliance.operations.nodes.joining import Joined
from appliance.operations.nodes.starting import start_node
from appliance.operations.setup.answers import JoinAnswers, forget_token
from appliance.operations.setup.checking import token_of
from appliance.operations.setup.journal import Steps


def join_in(home: Home, wish: JoinAnswers, steps: Steps, file: Path | None) -> Iterator[Progress | Joined]:
    """Join, go on with a join that was cut, or where this machine has joined start it; yield news, at last the node.

    The token, which is good once, is taken out of the answers in `file` then. Raises as `joining.join`.
    """
    member = read_membership(home)
    ours = member is not None and (steps.begun_before or _is_head(wish, member))
    if member is not None and member.state == "joined" and ours:
        title = _("Join the appliance at {head}", head=member.head.address)
        yield Progress("node.join", title, "skipped", _("it is its node {name} already", name=member.name))
        yield from start_node(home)
        joined = Joined(member.node_id, member.name, member.address, member.head.address)
    elif ours and joining.can_go_on(home):
        joined = yield from _follow(joining.go_on(home, start_node))
    else:
        if home.site_file.exists() and steps.wrote_site(home.site_file.read_bytes()):
            home.site_file.unlink()  # of a first start as an appliance of its own, which it is not to be any more
        steps.begin()
        asked = joining.JoinWish(wish.head, token_of(wish), wish.name, wish.address, wish.labels)
        joined = yield from _follow(joining.join(home, asked, start_node))
    yield from _without_token(file)
    yield joined


def _follow(news: Iterator[Progress | Joined]) -> Generator[Progress, None, Joined]:
    for one in news:
        if isinstance(one, Joined):
            return one
        yield one
    raise AssertionError("joining ends with the node")


def _is_head(wish: JoinAnswers, member: Membership) -> bool:
    try:
        return joining.head_place(wish.head)[0] == member.head.address
    except ApplianceError:  # a name that has no address at the moment
        return False


def _without_token(file: Path | None) -> Iterator[Progress]:
    if file is None:
        return
    title = _("Take the token, which is spent, out of {file}", file=file.name)
    try:
        forget_token(file)
    except ConfigError as error:
        yield Progress("setup.token", title, "failed", error.message)
        return
    yield Progress("setup.token", title, "done")
