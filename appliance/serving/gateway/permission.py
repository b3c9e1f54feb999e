"""Which permission a route asks for: declared beside the route, so that a test can read all of them."""

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from appliance.core.authority import Permission, authorize
from appliance.serving.gateway.context import principal_of


class Permit:
    """A dependency that lets a request in whose caller may do this. Raises `PermissionDenied`."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> None:
        """Check the caller."""
        authorize(principal_of(request), self.permission)


def permit(permission: Permission) -> Dependency:
    """Return the entry for a route's `dependencies`."""
    dependency: Dependency = Depends(Permit(permission))
    return dependency
