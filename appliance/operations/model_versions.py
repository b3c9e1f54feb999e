"""Versions behind the aliases of models: stage, split, promote, go back, drop. What serves never stops for it.

A version is deployed beside the one that serves and gets requests only once it has generated a token. Requests move by
one change of the directory (`state.served`), which those who send them read every second; what is taken out of service
is stopped after that, when the generations it works on have ended.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import ModelSettings, SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError, Conflict, InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.operations.acceptance import Acceptance
from appliance.operations.accounts import open_accounts
from appliance.operations.operator import operator
from appliance.operations.served_models import no_candidate, no_previous, ready_candidate, settings_of, stable_of
from appliance.operations.switching import Switch
from appliance.packages.card import chat_template_of
from appliance.packages.checksums import verify_package
from appliance.packages.model_sources import ModelSource, source_at
from appliance.packages.places import open_store
from appliance.serving.names import model_application
from appliance.serving.room import engine_memory, enough_cards, enough_for_engine
from appliance.state.served import POLL_S, Served, ServedDirectory, Variant

_POLLS_TO_WAIT = 3  # one would do; a process that is busy may miss one


@dataclass(frozen=True)
class Gate:
    """What stands before traffic moves: golden questions and speed, unless it is left open."""

    closed: bool = True
    questions: Path | None = None
    """Instead of those of the site, or the shipped ones."""


@dataclass
class Lifecycle:
    """The use cases on one home; `switch` and `sleep` are the running appliance's."""

    home: Home
    site: SiteConfig
    switch: Switch
    accept: Callable[[str, Path | None], Iterator[Progress | Acceptance]] | None = None
    """Examines the candidate of an alias against the version that serves."""
    sleep: Callable[[float], None] = field(default=time.sleep)

    def stage(self, alias: str, source: ModelSource) -> Iterator[Progress | Variant]:
        """Start a version beside the one that serves; yield it at the end. Nobody is sent there yet.

        Raises `NotFound`, `Conflict` where a candidate is there already, `PackageError`, `NotEnoughMemory`,
        `StartFailed`; a version that does not generate is gone again.
        """
        settings = settings_of(self.site, alias)
        card = verify_package(source.folder)
        chat_template_of(card, source.folder)
        with self._served() as served:
            base = served.read()
            stable = stable_of(base, alias)
            if base.get(alias, "candidate") is not None:
                raise Conflict(
                    _("{alias} has a candidate already.", alias=alias),
                    _("`appliance model promote {alias}` or `appliance model drop {alias}` first.", alias=alias),
                    code="candidate_there",
                )
            context = min(settings.engine.max_model_len or card.context_length, card.context_length)
            candidate = Variant(
                alias, "candidate", source.package, source.release_counter, source.version,
                model_application(alias, base.revision + 1), context, tuple(card.languages), since=iso(utc_now()),
                by=operator(),
            )  # fmt: skip
            if candidate.same_files(stable):
                raise Conflict(
                    _("{version} serves {alias} already.", version=candidate.label, alias=alias), code="serves_already"
                )
            _check_alone(base, stable)
            if stable.serves:
                _check_room(self.home, self.site, settings, card.weights_bytes)
            served.change(base, alias, [*base.of(alias), candidate])  # the place is taken before anything starts
            try:
                yield from self.switch.start(candidate)
            except BaseException as error:
                _put(served, candidate, None)
                self._note("model.stage failed", candidate, error)
                raise
            ready = replace(candidate, state="ready")
            _put(served, candidate, ready)
        self._note("model.stage", ready)
        yield ready

    def split(self, alias: str, percent: int, tenants: Sequence[str]) -> Variant:
        """Let the candidate take a part of the requests, and all of some tenants' and of those below them.

        Raises `NotFound`, `Conflict`, `InvalidRequest`.
        """
        if not 0 <= percent <= 100:
            raise InvalidRequest(_("{percent} is no percentage.", percent=percent), param="percent")
        with self._served() as served:
            served.check_tenants(tenants)
            candidate = ready_candidate(served.read(), alias)
            changed = replace(candidate, share=percent, tenants=tuple(dict.fromkeys(tenants)), by=operator())
            _put(served, candidate, changed)
        self._note(f"model.split {percent}", changed)
        return changed

    def promote(
        self, alias: str, gate: Gate, allow: Callable[[], None] = lambda: None
    ) -> Iterator[Progress | Variant | Acceptance]:
        """Let the candidate serve everybody, once it has passed the gate; yield what was measured and the version.

        `allow` is asked behind the gate and raises where the change may not be made.
        Raises `NotFound`, `Conflict` where it is worse than what serves, or somebody else was faster.
        """
        with self._served() as served:
            base = served.read()
            candidate = ready_candidate(base, alias)
            if gate.closed:
                yield from self._examined(served, base, alias, gate)
            allow()
            yield from self._flip(served, base, candidate)
        yield replace(candidate, slot="stable", share=0, tenants=())

    def rollback(self, alias: str) -> Iterator[Progress | Variant]:
        """Let the version before serve again. Raises `NotFound` where none is recorded or kept, and as `stage`."""
        with self._served() as served:
            previous = served.read().get(alias, "previous")
        if previous is None:
            raise no_previous(alias)
        source = source_at(self.home, previous.package, previous.release_counter)
        for news in self.stage(alias, source):
            if isinstance(news, Progress):
                yield news
        yield from self._let_serve(alias)
        self._note("model.rollback", previous)

    def drop(self, alias: str) -> Iterator[Progress | Variant]:
        """Take the candidate out of service and stop it. Raises `NotFound`."""
        with self._served() as served:
            base = served.read()
            candidate = base.get(alias, "candidate")
            if candidate is None:
                raise no_candidate(alias)
            served.change(base, alias, [one for one in base.of(alias) if one is not candidate])
        yield from self._wait_for_gateways()
        yield from self.switch.stop(candidate)
        self._note("model.drop", candidate)
        yield candidate

    def stop_first(self, alias: str, source: ModelSource) -> Iterator[Progress | Variant]:
        """Stop what serves, then start another version in its place; while it starts, the alias answers 503.

        Where the new one does not come up, the old one is started again. Raises as `stage`.
        """
        verify_package(source.folder)
        with self._served() as served:
            base = served.read()
            old = stable_of(base, alias)
            if base.get(alias, "candidate") is not None:
                raise Conflict(_("{alias} has a candidate already.", alias=alias), code="candidate_there")
            stopped = replace(old, state="stopped")
            _put(served, old, stopped)
            yield from self._wait_for_gateways()
            yield from self.switch.stop(old)
            try:
                for news in self.stage(alias, source):
                    if isinstance(news, Progress):
                        yield news
            except ApplianceError:
                again = replace(old, application=model_application(alias, served.revision() + 1))
                yield from self.switch.start(again)
                _put(served, stopped, again)
                raise
            base = served.read()
            yield from self._flip(served, base, ready_candidate(base, alias), stop=False)
            yield stable_of(served.read(), alias)

    def _let_serve(self, alias: str) -> Iterator[Progress | Variant]:
        for news in self.promote(alias, Gate(closed=False)):
            if not isinstance(news, Acceptance):
                yield news

    def _flip(
        self, served: Served, base: ServedDirectory, candidate: Variant, *, stop: bool = True
    ) -> Iterator[Progress]:
        """Let the candidate be the stable one in one change; then stop the one before, which nobody is sent to."""
        alias = candidate.alias
        old = stable_of(base, alias)
        now = iso(utc_now())
        new = replace(candidate, slot="stable", share=0, tenants=(), since=now, by=operator())
        previous = replace(old, slot="previous", state="stopped", since=now, by=operator())
        title = _("Send requests for {alias} to {version}", alias=alias, version=new.label)
        yield Progress("model.flip", title)
        served.change(base, alias, [new, previous])
        yield Progress("model.flip", title, "done")
        self._note("model.promote", new)
        self._keep_store_in_step(new)
        if stop and old.application not in served.read().applications():  # another alias may answer from it too
            yield from self._wait_for_gateways()
            yield from self.switch.stop(old)

    def _keep_store_in_step(self, variant: Variant) -> None:
        """Let the store's release in use be the one that serves: the next start goes by it."""
        store = open_store(self.home)
        current = store.current("model", variant.package)
        counter = None if current is None else current.manifest.release_counter
        if counter != variant.release_counter and store.releases("model", variant.package):
            store.use("model", variant.package, variant.release_counter)

    def _examined(
        self, served: Served, base: ServedDirectory, alias: str, gate: Gate
    ) -> Iterator[Progress | Acceptance]:
        """Measure both versions and keep the figures. Raises `Conflict` where the candidate is worse."""
        assert self.accept is not None, "a closed gate needs the running appliance"
        for news in self.accept(alias, gate.questions):
            if isinstance(news, Acceptance):
                served.note_figures(stable_of(base, alias), news.stable.to_dict())
                served.note_figures(ready_candidate(base, alias), news.candidate.to_dict())
                yield news
                news.check()
            else:
                yield news

    def _wait_for_gateways(self) -> Iterator[Progress]:
        """Wait until nobody can go by the directory before."""
        title = _("Wait until every gateway knows")
        yield Progress("model.wait", title)
        self.sleep(POLL_S * _POLLS_TO_WAIT)
        yield Progress("model.wait", title, "done")

    @contextmanager
    def _served(self) -> Iterator[Served]:
        with open_accounts(self.home, self.site) as accounts:
            yield Served(accounts.database)

    def _note(self, action: str, variant: Variant, error: BaseException | None = None) -> None:
        target = f"{variant.alias} {variant.label}"
        if isinstance(error, ApplianceError):
            target += f" {error.code}"
        with open_accounts(self.home, self.site) as accounts:
            accounts.note(action, target, None)


def _put(served: Served, old: Variant, new: Variant | None) -> None:
    """Put `new` in the place of `old`, whatever else has changed meanwhile. Raises `Conflict` where `old` is gone."""
    base = served.read()
    if base.get(old.alias, old.slot) != old:
        raise Conflict(
            _("Somebody else has changed what is served in the meantime; nothing was changed here."),
            _("Look at `appliance model show ALIAS`, then try again."),
            code="served_changed",
        )
    kept = [one for one in base.of(old.alias) if one.slot != old.slot]
    served.change(base, old.alias, [*kept, *([] if new is None else [new])])


def _check_alone(directory: ServedDirectory, stable: Variant) -> None:
    """Check that no other alias answers from an engine that is to be stopped, as a tuned model on its base does."""
    own = model_application(stable.alias)
    others = [one.alias for one in directory.variants if one.application == own and one.alias != stable.alias]
    if others and stable.application == own:
        raise Conflict(
            _("{others} answer from the engine of {alias}.", others=", ".join(others), alias=stable.alias),
            _("Change the package in the site file, then `appliance down` and `appliance up`."),
            code="engine_shared",
        )


def _check_room(home: Home, site: SiteConfig, settings: ModelSettings, weights_bytes: int) -> None:
    facts = discover()
    choice = choose_accelerator(site.accelerator, facts, installed_engine())
    if choice.kind == "gpu":
        enough_cards(len(choice.accelerators), site.models.values(), settings)
    enough_for_engine(weights_bytes, settings, choice.kind, engine_memory(home, facts.processor))
