"""Whether a home is still to be set up: what the terminal begins with."""

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.setup.journal import answers_file, unfinished
from appliance.operations.starting_lock import runs


def begins_here(home: Home, site: SiteConfig) -> bool:
    """Tell whether the terminal begins with the first start: of a bare home, or one that was broken off.

    A home whose admin key was taken away is not bare. Raises `ConfigError` on a node, which is run from its head.
    """
    if unfinished(home) and answers_file(home).exists():
        return True
    member = read_membership(home)
    if member is not None and member.state == "joined":
        raise ConfigError(
            _("This machine is the node {name} of {head}.", name=member.name, head=member.head.address),
            _("Open the terminal there, or here with `appliance tui --url URL --key-file FILE`."),
        )
    return not runs(home) and (unfinished(home) or not _was_started(home, site))


def _was_started(home: Home, site: SiteConfig) -> bool:
    """Tell whether an appliance was ever started from a home: it makes an authority and a key, whatever is lost since.

    Packages may be there before.
    """
    if home.admin_key_file.exists() or home.ca_key_file.exists():
        return True
    if site.state.url is not None or nothing_there(home, site):
        return False
    with open_accounts(home, site) as accounts:
        return bool(accounts.keys.list()) or bool(accounts.users.list())
