"""What is asked of the site file and the directory of versions before anything is done, and what is told otherwise."""

from appliance.config.site import ModelSettings, SiteConfig
from appliance.core.errors import Conflict, NotFound
from appliance.core.messages import _
from appliance.state.served import ServedDirectory, Variant


def settings_of(site: SiteConfig, alias: str) -> ModelSettings:
    """Return what the site file says of an alias. Raises `NotFound`."""
    if alias not in site.models:
        raise NotFound(
            _("The site file has no model {alias}.", alias=ascii(alias[:80])),
            _("Its models: {models}.", models=", ".join(site.models)),
            code="model_not_found",
        )
    return site.models[alias]


def stable_of(directory: ServedDirectory, alias: str) -> Variant:
    """Return the version that serves. Raises `NotFound`."""
    found = directory.get(alias, "stable")
    if found is None:
        raise NotFound(
            _("Nothing serves {alias} yet.", alias=alias), _("Run `appliance up` first."), code="model_not_served"
        )
    return found


def ready_candidate(directory: ServedDirectory, alias: str) -> Variant:
    """Return the candidate. Raises `NotFound`, `Conflict` while it starts."""
    found = directory.get(alias, "candidate")
    if found is None:
        raise no_candidate(alias)
    if found.state != "ready":
        raise Conflict(
            _("The candidate of {alias} is not ready.", alias=alias),
            _("Wait for it, or `appliance model drop {alias}`.", alias=alias),
            code="candidate_not_ready",
        )
    return found


def no_candidate(alias: str) -> NotFound:
    """Return the error for an alias without a candidate."""
    return NotFound(
        _("{alias} has no candidate.", alias=alias),
        _("`appliance model stage {alias} PACKAGE` starts one.", alias=alias),
        code="no_candidate",
    )


def no_previous(alias: str) -> NotFound:
    """Return the error for an alias of which no version before is recorded."""
    return NotFound(
        _("No version before this one is recorded for {alias}.", alias=alias),
        _("`appliance model show {alias}` shows its versions.", alias=alias),
        code="no_previous_version",
    )
