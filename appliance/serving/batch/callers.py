"""As whom the rows of a batch run: read again for each row, so that a key that has ended ends its batches."""

from dataclasses import replace

from appliance.core.authority import Permission, may
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal, reaches_below
from appliance.serving.gateway.accounts import GatewayAccounts
from appliance.state.accounts.users import USER_PREFIX
from appliance.state.batches.records import BatchFault, BatchRecord


class RowCallers:
    """Looks up who made a batch."""

    def __init__(self, accounts: GatewayAccounts, clock: Clock = utc_now) -> None:
        self._accounts = accounts
        self._clock = clock

    def __call__(self, batch: BatchRecord) -> Principal | BatchFault:
        """Return as whom a row may run now, or why none may any more. Raises `Unavailable`."""
        person = batch.made_by.startswith(f"{USER_PREFIX}-")
        try:
            who = self._person(batch.made_by) if person else self._key(batch.made_by)
        except NotFound:
            who = None
        if who is not None and may(who, Permission.BATCH_RUN) and who.tenant == batch.tenant:
            return replace(who, priority="batch")
        if person:
            told = _("The user who made the batch is disabled or may no longer run batches; the rest was not run.")
            return BatchFault("user_not_valid", told)
        told = _("The key that made the batch has ended or may no longer run batches; the rest was not run.")
        return BatchFault("key_not_valid", told)

    def _key(self, key_id: str) -> Principal | None:
        keys, now = self._accounts.keys, iso(self._clock())
        record = keys.get(key_id)
        if record.state(now) == "expired" and record.replaced_by is not None:
            record = keys.get(record.replaced_by)  # rotated, not taken away: its successor may do the same
        return keys.principal(record) if record.state(now) == "active" else None

    def _person(self, user_id: str) -> Principal | None:
        user = self._accounts.users.get(user_id)
        if user.disabled_at is not None:
            return None
        below = reaches_below(user.role) and user.tenant != PLATFORM_TENANT
        return user.principal(self._accounts.tenants.below(user.tenant) if below else frozenset())
