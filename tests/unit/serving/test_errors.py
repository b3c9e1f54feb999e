"""Errors as callers see them."""

import pytest

from appliance.core import errors
from appliance.core.errors import ApplianceError, TooManyRequests, error_from_data
from appliance.core.messages import _
from appliance.serving.gateway.errors import STATUSES, error_body, error_headers, status_of

# Every class of the tree, with the status that a caller should get. A new class has to be thought about here.
SENSIBLE = {
    "ApplianceError": 500,
    "ConfigError": 500,
    "PreflightError": 500,
    "PortInUse": 500,
    "DiskFull": 507,
    "NotEnoughMemory": 500,
    "NotRunning": 500,
    "AlreadyRunning": 500,
    "StartFailed": 500,
    "PackageError": 500,
    "RequestError": 400,
    "InvalidRequest": 400,
    "ContentFiltered": 400,
    "AuthenticationFailed": 401,
    "PermissionDenied": 403,
    "ApprovalNeeded": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "Conflict": 409,
    "Gone": 410,
    "BodyTooLarge": 413,
    "Unsupported": 415,
    "TooManyRequests": 429,
    "QuotaExceeded": 429,
    "Unavailable": 503,
    "EngineFailed": 502,
}


def tree():
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ApplianceError)]


def test_every_class_of_the_tree_has_a_status_that_somebody_chose():
    assert {kind.__name__: status_of(kind(_("{x}", x=1))) for kind in tree()} == SENSIBLE


def test_no_line_of_the_table_is_hidden_by_one_above_it():
    for index, (kind, _status) in enumerate(STATUSES):
        assert not any(issubclass(kind, above) for above, _above_status in STATUSES[:index])


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_the_body_has_openais_shape(kind):
    error = kind(_("It broke at {place}.", place="home"), _("Mend it."))
    body = error_body(error, "en")["error"]
    assert body["message"] == "It broke at home. Mend it."
    assert body["code"] == error.code
    assert body["param"] is None
    assert body["type"].endswith("_error")
    assert (body["type"] == "server_error") == (status_of(error) >= 500)
    assert status_of(error_from_data(error.to_data())) == status_of(error)


def test_details_never_hide_the_four_fields():
    error = errors.InvalidRequest(_("{x}", x=1), code="c", details={"message": "no", "models": ["a"]})
    assert error_body(error, "en")["error"] == {
        "message": "1", "type": "invalid_request_error", "param": None, "code": "c", "models": ["a"],
    }  # fmt: skip


def test_headers():
    busy = TooManyRequests(_("{x}", x=1))
    busy.retry_after_s = 0.2
    assert error_headers(busy) == {"Retry-After": "1"}
    wrong_way = errors.MethodNotAllowed(_("{x}", x=1))
    assert error_headers(wrong_way) == {}
    wrong_way.allowed = ("GET", "DELETE")
    assert error_headers(wrong_way) == {"Allow": "GET, DELETE"}
    assert error_headers(errors.AuthenticationFailed(_("{x}", x=1))) == {"WWW-Authenticate": "Bearer"}
    assert error_headers(errors.EngineFailed(_("{x}", x=1)))["Retry-After"]
    assert error_headers(errors.InvalidRequest(_("{x}", x=1))) == {}
