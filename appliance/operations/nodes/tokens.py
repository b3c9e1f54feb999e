"""Tokens that machines join with: on the head's database itself, so also while the appliance is down."""

from dataclasses import dataclass

from appliance.cluster.certificates import ensure_authority
from appliance.cluster.enrolment import join_place
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.operations.accounts import Accounts, nothing_there, open_accounts
from appliance.operations.keys import parse_expiry
from appliance.operations.nodes.listing import check_head
from appliance.operations.operator import operator
from appliance.state.node_records import no_token
from appliance.state.nodes import JoinToken, JoinTokens
from appliance.state.secret_files import load_or_create_pepper

DEFAULT_VALID = "1h"


@dataclass(frozen=True)
class NewToken:
    """A token that was made, and what is typed on the machine that is to join: both are shown once."""

    record: JoinToken
    token: str
    command: str


def create_token(home: Home, site: SiteConfig, valid: str = DEFAULT_VALID) -> NewToken:
    """Make a token that lets one machine join within `valid` (`1h`, `2d`, a date); the audit names its maker.

    The appliance's authority is made where it is not there yet. Raises `ConfigError` on a worker and where other
    machines cannot reach this one, `InvalidRequest` for a span that cannot be read or is over 30 days.
    """
    check_head(home)
    if site.cluster.alone:
        raise ConfigError(
            _("Other machines cannot reach this one: cluster.address is {address}.", address=site.cluster.address),
            _(
                "Set cluster.address in the site file to this machine's address, then `appliance down` and"
                " `appliance up`."
            ),
        )
    now = utc_now()
    valid_s = (parse_expiry(valid, now) - now).total_seconds()
    with open_accounts(home, site) as accounts:
        authority = ensure_authority(home.secrets)
        record, text = _tokens(home, accounts).create(operator(), valid_s, authority.fingerprint)
        accounts.note("node.token.create", record.id, None)
    return NewToken(record, text, f"appliance node join {join_place(site.cluster)} --token {text}")


def list_tokens(home: Home, site: SiteConfig) -> tuple[JoinToken, ...]:
    """Return every token, oldest first; a home without a database has none. Raises `ConfigError` on a worker."""
    check_head(home)
    if nothing_there(home, site):
        return ()
    with open_accounts(home, site) as accounts:
        return _tokens(home, accounts).list()


def revoke_token(home: Home, site: SiteConfig, token_id: str) -> JoinToken:
    """Revoke a token at once and for good. Raises `NotFound`, `Conflict` for a used one, `ConfigError` on a worker."""
    check_head(home)
    if nothing_there(home, site):
        raise no_token(token_id)
    with open_accounts(home, site) as accounts:
        record = _tokens(home, accounts).revoke(token_id)
        accounts.note("node.token.revoke", record.id, None)
        return record


def _tokens(home: Home, accounts: Accounts) -> JoinTokens:
    return JoinTokens(accounts.database, load_or_create_pepper(home.pepper_file))
