"""The nodes as the head knows them, and their labels: on the database itself, so also while the appliance is down."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from appliance.config.home import Home
from appliance.config.scaling import Label
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.messages import _
from appliance.hardware.choice import cards_in_words
from appliance.hardware.facts import Accelerator
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.state.node_records import no_node
from appliance.state.nodes import NodeRecord, Nodes

_LABEL: TypeAdapter[str] = TypeAdapter(Label)


def check_head(home: Home) -> None:
    """Raise `ConfigError` in a worker's home, which has no database of its own."""
    if home.node_file.exists():
        raise ConfigError(
            _("The home folder {home} is that of a worker node.", home=home.root),
            _("Run the command on the head node."),
        )


def list_nodes(home: Home, site: SiteConfig, *, removed: bool = False) -> tuple[NodeRecord, ...]:
    """Return the nodes, the head first; a home without a database has none. Raises `ConfigError` on a worker."""
    check_head(home)
    if nothing_there(home, site):
        return ()
    with open_accounts(home, site) as accounts:
        return Nodes(accounts.database).list(removed=removed)


def show_node(home: Home, site: SiteConfig, name: str) -> NodeRecord:
    """Return the node of a name or id. Raises `NotFound`, `ConfigError` on a worker."""
    check_head(home)
    if nothing_there(home, site):
        raise no_node(name)
    with open_accounts(home, site) as accounts:
        return Nodes(accounts.database).named(name)


def label_node(home: Home, site: SiteConfig, name: str, put: Sequence[str], drop: Sequence[str] = ()) -> NodeRecord:
    """Put labels (`key=value`) on a node and drop others by their keys; the audit says which.

    Raises `InvalidRequest` for nothing to change and for what is no label, `NotFound`, `ConfigError` on a worker.
    """
    labels = dict(map(read_label, put))
    dropped = [_checked(key) for key in drop]
    if not labels and not dropped:
        raise InvalidRequest(_("There is nothing to change."), _("Give labels as key=value, or --remove KEY."))
    if both := sorted(labels.keys() & set(dropped)):
        raise InvalidRequest(_("The label {key} cannot be put and removed at once.", key=both[0]))
    found = show_node(home, site, name)
    with open_accounts(home, site) as accounts:
        changed = Nodes(accounts.database).change_labels(found.id, labels, dropped)
        words = [*(f"+{key}={value}" for key, value in labels.items()), *(f"-{key}" for key in dropped)]
        accounts.note(f"node.label {' '.join(words)}", found.id, None)
        return changed


def cards_of(node: NodeRecord) -> str:
    """Return a node's accelerators as people read them, `8 × Ascend 910B3`; empty where it has none."""
    told = node.facts.get("accelerators", ())
    return cards_in_words(Accelerator(index=0, vendor=card["vendor"], name=card["name"]) for card in told)


def read_label(text: str) -> tuple[str, str]:
    """Return key and value of a label as people type it. Raises `InvalidRequest`."""
    key, sign, value = text.partition("=")
    if not sign:
        raise InvalidRequest(_("{text} is not a label as key=value.", text=ascii(text[:80])), param="label")
    return _checked(key), _checked(value)


def _checked(text: str) -> str:
    try:
        return _LABEL.validate_python(text)
    except ValidationError as error:
        raise InvalidRequest(
            _("{text} cannot be the key or value of a label.", text=ascii(text[:80])),
            _("Use up to 63 letters, digits, -, _ and ., the first and last a letter or digit."),
            param="label",
        ) from error
