"""Which permission a route asks for: declared beside the route, so that a test can read all of them."""

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from appliance.core.authority import Permission, authorize, may
from appliance.serving.gateway.context import principal_of


class Permit:
    """A dependency that lets a request in whose caller may do this, or one of `others`. Raises `PermissionDenied`."""

    def __init__(self, permission: Permission, *others: Permission) -> None:
        self.permission = permission
        self.others = others

    async def __call__(self, request: Request) -> None:
        """Check the caller."""
        who = principal_of(request)
        if not any(may(who, other) for other in self.others):
            authorize(who, self.permission)


def permit(permission: Permission, *others: Permission) -> Dependency:
    """Return the entry for a route's `dependencies`; any of the permissions lets in."""
    dependency: Dependency = Depends(Permit(permission, *others))
    return dependency
