"""The error tree. Exit codes (cli/exit_codes.py) and HTTP statuses (serving/gateway/errors.py) are mapped at the edge.

ApplianceError
├── ConfigError              the site file, a scenario file or a command-line value is wrong
├── PreflightError           this machine cannot start the appliance as it is
│   ├── PortInUse
│   ├── DiskFull             also raised while running: a write found no space
│   └── NotEnoughMemory
├── NotRunning               a command needs the running appliance
├── AlreadyRunning           the appliance runs already from this home, or from another with these ports
├── StartFailed              a part of the appliance did not become healthy
├── PackageError             a package or model is damaged, unknown or not allowed
├── RequestError             the caller's request cannot be served as it is
│   ├── InvalidRequest
│   ├── ContentFiltered      the guardrails have ended the model's answer
│   ├── AuthenticationFailed
│   ├── PermissionDenied
│   │   └── ApprovalNeeded   the change needs a second person, who has not approved it
│   ├── NotFound
│   ├── MethodNotAllowed
│   ├── Gone                 what was there is erased
│   ├── Conflict             what is to be changed is not, or no longer, in the state that the change needs
│   ├── BodyTooLarge
│   ├── Unsupported          a file type or a feature this appliance does not have
│   └── TooManyRequests
│       └── QuotaExceeded    a quota of the key, a tenant or the model is used up
└── Unavailable              the request is fine, the appliance cannot serve it now
    └── EngineFailed         the model's engine died or broke off during this request
"""

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.core.messages import Message


class ApplianceError(Exception):
    """A failure with a stable `code`, what happened (`message`) and what to do next (`hint`)."""

    code = "appliance_error"

    def __init__(self, message: Message, hint: Message | None = None, *, code: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        self.for_records: dict[str, Any] = {}
        """What the audit is to say of the work that failed, as plain data; callers are not shown it."""
        if code is not None:
            self.code = code

    def render(self, language: str) -> str:
        """Return message and hint as one text in `language`."""
        parts = [self.message.render(language)]
        if self.hint is not None:
            parts.append(self.hint.render(language))
        return ("" if language == "zh_CN" else " ").join(parts)

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.message, self.hint) if part is not None)

    def to_data(self) -> dict[str, object]:
        """Return plain data for another process; `error_from_data` reads it."""
        return {
            "kind": type(self).__name__,
            "code": self.code,
            "message": self.message.to_data(),
            "hint": self.hint.to_data() if self.hint is not None else None,
        }

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.__dict__))


def _restore(kind: type[ApplianceError], fields: dict[str, object]) -> ApplianceError:
    """Rebuild a pickled error: they cross process borders between deployments."""
    error = kind.__new__(kind)
    error.__dict__.update(fields)
    error.args = (fields.get("message"), fields.get("hint"))
    return error


def _kinds(root: type[ApplianceError]) -> Iterator[type[ApplianceError]]:
    yield root
    for child in root.__subclasses__():
        yield from _kinds(child)


def error_from_data(data: Mapping[str, Any]) -> ApplianceError:
    """Return the error that `to_data` wrote, of the same class."""
    kind = next((kind for kind in _kinds(ApplianceError) if kind.__name__ == data["kind"]), ApplianceError)
    hint = Message.from_data(data["hint"]) if data["hint"] is not None else None
    return kind(Message.from_data(data["message"]), hint, code=data["code"])


class ConfigError(ApplianceError):
    """The site file, a scenario file or a command-line value is wrong."""

    code = "config_error"


class PreflightError(ApplianceError):
    """The machine cannot start the appliance as it is."""

    code = "preflight_failed"


class PortInUse(PreflightError):
    """A port that the appliance needs is taken."""

    code = "port_in_use"


class DiskFull(PreflightError):
    """There is not enough free disk space."""

    code = "disk_full"


class NotEnoughMemory(PreflightError):
    """There is not enough free memory."""

    code = "not_enough_memory"


class NotRunning(ApplianceError):
    """A command needs the running appliance."""

    code = "not_running"


class AlreadyRunning(ApplianceError):
    """The appliance runs already."""

    code = "already_running"


class StartFailed(ApplianceError):
    """A part of the appliance did not become healthy."""

    code = "start_failed"


class PackageError(ApplianceError):
    """A package or model is damaged, unknown or not allowed."""

    code = "package_error"


class RequestError(ApplianceError):
    """The caller's request cannot be served as it is. `param` names the field at fault."""

    code = "request_error"

    def __init__(
        self,
        message: Message,
        hint: Message | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint, code=code)
        self.param = param
        self.details = details or {}


class InvalidRequest(RequestError):
    """A field is missing, unknown, of the wrong type or out of range."""

    code = "invalid_request"


class ContentFiltered(RequestError):
    """The guardrails have ended what a model writes, or did not let the prompt reach it."""

    code = "content_filter"


class AuthenticationFailed(RequestError):
    """No key, or one that is unknown, expired or revoked."""

    code = "invalid_api_key"


class PermissionDenied(RequestError):
    """The key is valid but may not do this."""

    code = "permission_denied"


class ApprovalNeeded(PermissionDenied):
    """The change needs a second person, who has not approved it; `details` name the request for approval."""

    code = "approval_needed"


class NotFound(RequestError):
    """The model, scenario, document or route does not exist."""

    code = "not_found"


class MethodNotAllowed(RequestError):
    """The route exists and does not take this method."""

    code = "method_not_allowed"
    allowed: tuple[str, ...] = ()
    """The methods that it takes, where they are known."""


class Conflict(RequestError):
    """What is to be changed is not, or no longer, in the state that the change needs."""

    code = "conflict"


class Gone(RequestError):
    """What was there is erased and does not come back."""

    code = "gone"


class BodyTooLarge(RequestError):
    """The request body is over the limit."""

    code = "body_too_large"


class Unsupported(RequestError):
    """A file type or a feature that this appliance does not have."""

    code = "unsupported"


class TooManyRequests(RequestError):
    """The caller or the model is over its limit; `retry_after_s` says when to try again."""

    code = "rate_limited"
    retry_after_s: float = 1.0


class QuotaExceeded(TooManyRequests):
    """A quota of the key, a tenant or the model is used up; `details` say which."""

    code = "quota_exceeded"


class Unavailable(ApplianceError):
    """The request is fine, the appliance cannot serve it now."""

    code = "unavailable"


class EngineFailed(Unavailable):
    """The model's engine died or broke off during this request."""

    code = "engine_failed"
