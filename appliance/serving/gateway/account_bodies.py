"""Bodies of the routes for signing in, keys, tenants and users."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from appliance.core.messages import _
from appliance.core.principal import Principal, Priority, Role, Scopes
from appliance.core.validation import Fault
from appliance.state.keys import LONGEST_OVERLAP


def _moment(value: object) -> object:
    """Read a time strictly: without a zone nobody could tell when it is."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Fault(_("it must be a time with its zone, written 2027-12-31T18:00:00Z"))


Moment = Annotated[datetime, BeforeValidator(_moment)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=200)]
TypedName = Annotated[str, Field(max_length=200)]
TypedPassword = Annotated[str, Field(max_length=1000)]
_OWN = "the caller's own where it is left out"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignInRequest(_Body):
    """Body of `POST /v1/auth/sign-in`."""

    name: TypedName = Field(description="Name of the user; capitals do not count.")
    password: TypedPassword = Field(description="Password.")
    method: Literal["password", "ldap"] = Field(
        default="password", description="Who checks the password: the appliance, or the bank's directory."
    )


class OwnPassword(_Body):
    """Body of `POST /v1/auth/password`."""

    old: TypedPassword = Field(description="Password until now.")
    new: TypedPassword = Field(description="New password.")


class KeyScopes(_Body):
    """The names that a key may use; an empty list is none of them."""

    models: Names | None = Field(default=None, description=f"Aliases of models; {_OWN}.")
    scenarios: Names | None = Field(default=None, description=f"Scenarios; {_OWN}.")
    knowledge_bases: Names | None = Field(default=None, description=f"Knowledge bases; {_OWN}.")

    def below(self, parent: Principal) -> Scopes:
        """Return the scopes of a key made by `parent`."""

        def chosen(names: list[str] | None, own: frozenset[str] | None) -> frozenset[str] | None:
            return own if names is None else frozenset(names)

        own = parent.scopes
        return Scopes(
            chosen(self.models, own.models),
            chosen(self.scenarios, own.scenarios),
            chosen(self.knowledge_bases, own.knowledge_bases),
        )


class KeyRequest(_Body):
    """Body of `POST /v1/keys`: nothing in it can go beyond what the caller may do."""

    name: str = Field(min_length=1, max_length=200, description="What the key is for.")
    tenant: str | None = Field(default=None, max_length=64, description=f"Tenant; {_OWN}.")
    role: Role = Field(default="caller", description="Role.")
    scopes: KeyScopes = Field(default_factory=KeyScopes, description="What it may use.")
    networks: list[str] | None = Field(
        default=None, max_length=64, description=f"Networks it may be used from, as 10.20.0.0/16; {_OWN}."
    )
    expires_at: Moment | None = Field(default=None, description=f"When it ends (RFC 3339); {_OWN}.")
    priority: Priority | None = Field(default=None, description=f"batch runs behind what people wait for; {_OWN}.")
    user: TypedName | None = Field(default=None, description="Person whose key it is: name or id.")


class RotationRequest(_Body):
    """Body of `POST /v1/keys/{id}/rotate`."""

    overlap_s: float = Field(
        default=0, ge=0, le=LONGEST_OVERLAP.total_seconds(), description="Seconds that the old key is still good for."
    )
    expires_at: Moment | None = Field(
        default=None, description="When the new key ends (RFC 3339); when the old one would have where it is left out."
    )


class TenantRequest(_Body):
    """Body of `POST /v1/tenants`."""

    name: str = Field(min_length=1, max_length=64, description="Name: lower case letters, digits, - and _.")
    title: str = Field(default="", max_length=200, description="Title that people read.")
    parent: str | None = Field(default=None, max_length=64, description=f"Tenant that it stands below; {_OWN}.")


class UserRequest(_Body):
    """Body of `POST /v1/users`."""

    name: TypedName = Field(description="Name to sign in with.")
    password: TypedPassword = Field(description="First password.")
    display_name: TypedName = Field(default="", description="Name that others read.")
    tenant: str | None = Field(default=None, max_length=64, description=f"Tenant; {_OWN}.")
    role: Role = Field(default="caller", description="Role.")


class NewPassword(_Body):
    """Body of `POST /v1/users/{id}/password`."""

    password: TypedPassword = Field(description="New password.")
