"""Recorded models and packages in place of an appliance; what the screens want done is kept in `asked`."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.model_facts import Measured, ModelFacts, Stageable, VersionFacts
from appliance.operations.package_facts import InstalledPackage
from appliance.operations.setup.finding import FoundPackage
from appliance.packages.card import ModelCard
from appliance.packages.signed.manifest import Manifest
from appliance.packages.signed.minisign import PublicKey
from appliance.packages.signed.store import Release
from appliance.tui import app, commands, models_keys
from appliance.tui.app import TerminalApp
from appliance.tui.connection import HttpConnection
from appliance.tui.models_source import Here, HttpModelsSource
from appliance.tui.screens.models import ModelsScreen
from tests.tui.recorded import load, recorded_app

commands.COMMANDS.update({command.id: command for command in models_keys.KEYS})

MAKER, OTHER = "7EBE6561F969F47F", "0F1E2D3C4B5A6978"
KEY = PublicKey(bytes.fromhex(OTHER)[::-1], bytes(range(32)))
STICK = Path("/media/stick")
HOME = Path("/srv/appliance")


def variant(alias, slot, package, version, **more):
    return {
        "alias": alias, "slot": slot, "package": package, "release_counter": 3, "version": version,
        "application": f"model-{alias}", "context_length": 32768, "languages": ["zh", "en"], "state": "ready",
        "share": 0, "tenants": [], "since": "2026-11-20T08:15:00Z", "by": "os:wang.lei",
    } | more  # fmt: skip


def model(alias, package, version, *variants, **more):
    return {
        "id": alias, "object": "model", "created": 1_763_600_000, "owned_by": "appliance", "kind": "chat",
        "package": package, "version": version, "context_length": 32768, "languages": ["zh", "en"],
        "variants": list(variants),
    } | more  # fmt: skip


STABLE = variant("general", "stable", "qinglan-7b", "1.1-r3")
CANDIDATE = variant(
    "general", "candidate", "qinglan-7b", "1.2-r4", release_counter=4, share=10, tenants=["retail"],
    application="model-general-12", since="2026-11-24T05:40:00Z",
)  # fmt: skip
PREVIOUS = variant(
    "general", "previous", "qinglan-7b", "1.0-r2", release_counter=2, state="stopped", since="2026-11-20T08:15:00Z"
)
FINANCE = model(
    "finance", "finance", "2-r2", variant("finance", "stable", "finance", "2-r2", languages=["en"]),
    variant("finance", "previous", "finance", "1-r1", release_counter=1, state="stopped", languages=["en"]),
    context_length=8192, languages=["en"],
)  # fmt: skip
EMBEDDER = model(
    "embedder", "embedder", None, kind="embedding", context_length=512, languages=["zh", "en"], variants=[]
)
TRIED_OUT = [model("general", "qinglan-7b", "1.1-r3", STABLE, CANDIDATE, PREVIOUS), FINANCE, EMBEDDER]
SETTLED = [model("general", "qinglan-7b", "1.1-r3", STABLE, PREVIOUS), FINANCE, EMBEDDER]


def card(name, version, title, **more):
    files = {
        "model.safetensors": {"size_bytes": 15_231_000_000, "sha256": "0" * 64},
        "LICENSE": {"size_bytes": 11_000, "sha256": "1" * 64},
    }
    return ModelCard.model_validate(
        {
            "name": name, "version": version, "kind": "chat", "title": title, "languages": ["zh", "en"],
            "context_length": 32768, "parameters": 7_615_000_000, "dtype": "bfloat16", "licence": "Apache-2.0",
            "weaknesses": {
                "en": "Sums of more than four figures go wrong. Facts after March 2026 are unknown to it.",
                "zh_CN": "超过四位数的计算容易出错；不了解2026年3月以后的事实。",
            },
            "chat_template": "chat_template.jinja", "files": files,
        } | more
    )  # fmt: skip


QINGLAN = card("qinglan-7b", "1.2", "Qinglan 7B Instruct")
FACTS = ModelFacts(
    {
        ("general", "qinglan-7b:1.1-r3"): VersionFacts(
            QINGLAN, HOME / "packages/model/qinglan-7b", Measured(20, 17, ("sum", "date", "table"), 0.118, 212.4,
                                                                  "2026-11-20T08:11:00Z"),
        ),
        ("general", "qinglan-7b:1.2-r4"): VersionFacts(
            QINGLAN, HOME / "packages/model/qinglan-7b", Measured(20, 19, ("sum",), 0.124, 208.9,
                                                                  "2026-11-24T05:44:00Z"),
        ),
        ("general", "qinglan-7b:1.0-r2"): VersionFacts(QINGLAN, HOME / "packages/model/qinglan-7b"),
        ("finance", "finance:2-r2"): VersionFacts(card("finance", "2", "Finance 7B", licence="LicenseRef-Bank")),
        ("finance", "finance:1-r1"): VersionFacts(),
    },
    {"embedder": VersionFacts(card("embedder", "1", "Multilingual embedder", licence="MIT"))},
    {"general": "qinglan-7b", "finance": "finance"},
)  # fmt: skip


def manifest(kind, name, version, release, size, licence="Apache-2.0", **more):
    return Manifest.model_validate(
        {
            "schema": 1, "kind": kind, "name": name, "version": version, "release_counter": release,
            "created": datetime(2026, 11, 12, 9, 30, tzinfo=UTC), "total_unpacked": size, "key_ids": [MAKER],
            "files": [{"path": "card.yaml", "size": size, "sha256": "0" * 64}], "licence": licence,
            "source": "Model desk, head office",
        } | more
    )  # fmt: skip


def installed(kind, name, used, kept=None, signed_by=MAKER, trusted=True):
    releases = [
        None if one is None else Release(one, HOME / f"packages/{kind}/{name}/releases/{one.version}", current)
        for one, current in ((used, True), (kept, False))
    ]
    return InstalledPackage(kind, name, *releases, signed_by, trusted)


PACKAGES = (
    installed("platform", "appliance", manifest("platform", "appliance", "0.1.0", 7, 2_400_000_000),
              manifest("platform", "appliance", "0.0.9", 6, 2_390_000_000)),
    installed("model", "qinglan-7b", manifest("model", "qinglan-7b", "1.1", 3, 15_300_000_000),
              manifest("model", "qinglan-7b", "1.2", 4, 15_300_000_000)),
    installed("scenario", "branch-greeter", manifest("scenario", "branch-greeter", "1.0", 1, 412_000, "MIT")),
    installed("lexicon", "site-words", manifest("lexicon", "site-words", "2026.2", 2, 110_000, "LicenseRef-Bank"),
              manifest("lexicon", "site-words", "2026.1", 1, 108_000, "LicenseRef-Bank"), OTHER, False),
)  # fmt: skip
_NEWER = manifest("model", "qinglan-7b", "1.3", 5, 15_300_000_000)
_WORDS = manifest("lexicon", "site-words", "2026.3", 3, 112_000, "LicenseRef-Bank")
_LARGE = manifest("model", "yunshan-72b", "1.0", 1, 145_900_000_000)
FOUND = [
    FoundPackage(STICK / "qinglan-7b-5.lmab", 15_310_000_000, _NEWER, MAKER),
    FoundPackage(STICK / "site-words-3.lmab", 120_000, _WORDS, OTHER, STICK / "maker.pub"),
    FoundPackage(
        STICK / "yunshan-72b.lmab", 146_000_000_000, _LARGE, MAKER,
        fault=_("it needs {needed} of disk, {free} are free", needed="163.1 GiB", free="80.0 GiB"),
    ),
    FoundPackage(STICK / "autumn.lmabs", 3_400_000, None),
]  # fmt: skip
STAGEABLE = (
    Stageable("qinglan-7b@4", "qinglan-7b:1.2-r4", QINGLAN),
    Stageable("qinglan-7b@3", "qinglan-7b:1.1-r3", QINGLAN),
    Stageable("base", "base:1-1a2b3c4d", card("base", "1", "Small base model", parameters=134_515_008)),
)  # fmt: skip


class RecordedWork:
    """Keeps what it is asked to do; while `go_on` is not set it stands at 43 %. `fails` is raised instead."""

    def __init__(self) -> None:
        self.asked = []
        self.packages = PACKAGES
        self.facts = FACTS
        self.found = FOUND
        self.fails = None
        self.unreadable = None
        self.lost = None
        self.go_on = threading.Event()
        self.go_on.set()
        self.text = "LICENSE\n\nApache License\nVersion 2.0, January 2004\n"

    def read(self, packages):
        assert "embedder" in packages
        if self.unreadable is not None:
            raise self.unreadable
        return Here(self.facts, self.packages)

    def stageable(self):
        return STAGEABLE

    def tenants(self):
        return ("platform", "retail", "treasury")

    def find(self, folder):
        self.asked.append(("find", folder))
        return self.found

    def licence(self, folder, licence):
        self.asked.append(("licence", folder, licence))
        return self.text

    def key(self, file):
        self.asked.append(("key", file))
        return KEY

    def trust(self, file, key_id):
        self._do("trust", file, key_id)
        self.found = [replace(one, key_file=None) if one.key_file == file else one for one in self.found]
        return KEY

    def users_of(self, package):
        return ("general",) if package == "qinglan-7b" else ()

    def stage(self, alias, name, *, replace):
        return self._steps("stage", alias, name, replace)

    def split(self, alias, percent, tenants):
        self._do("split", alias, percent, tenants)

    def promote(self, alias):
        return self._steps("promote", alias)

    def roll_back(self, alias):
        return self._steps("roll_back", alias)

    def drop(self, alias):
        return self._steps("drop", alias)

    def install(self, file, manifest, *, stage_only):
        return self._steps("install", file, None if manifest is None else manifest.name, stage_only)

    def roll_back_package(self, package):
        return self._steps("roll_back_package", package.kind, package.name)

    def lost_by_return(self):
        return self.lost

    def remove(self, kind, name):
        self._do("remove", kind, name)

    def _do(self, *what):
        self.asked.append(what)
        if self.fails is not None:
            raise self.fails

    def _steps(self, *what):
        title = _("Install {file}", file="qinglan-7b-5.lmab")
        moved = _("{done} of {total}, {rate}/s, {left} left", done="6.1 GiB", total="14.2 GiB", rate="412.0 MiB",
                  left="20.1 s")  # fmt: skip
        yield Progress("package.install", title, "running", moved, 0.43)
        assert self.go_on.wait(60)
        self._do(*what)
        yield Progress("package.install", title, "done", fraction=1.0)


class RecordedModels(HttpModelsSource):
    """The real source, whose requests end here and whose machine is `RecordedWork`; none connects while `down`."""

    def __init__(self, key_file, *, here=True) -> None:
        self.models = TRIED_OUT
        self.machine = RecordedWork()
        self.refusal = None
        self.down = False
        routes = Starlette(routes=[Route("/v1/models", self.answer)])
        self._inner = httpx.ASGITransport(routes)
        connection = HttpConnection("http://127.0.0.1:8080", key_file, transport=httpx.MockTransport(self.switched))
        super().__init__(connection, None)
        self._is_here = here

    @property
    def here(self):
        return self._is_here

    def work(self):
        return self.machine

    async def switched(self, request):
        if self.down:
            raise httpx.ConnectError("refused")
        return await self._inner.handle_async_request(request)

    async def answer(self, _request):
        if self.refusal is not None:
            status, code, message = self.refusal
            return JSONResponse({"error": {"message": message, "type": "x", "param": None, "code": code}}, status)
        return JSONResponse({"object": "list", "data": self.models})


class ModelsApp(TerminalApp):
    """The terminal with the screen of models, whatever number the others have."""

    MODES = TerminalApp.MODES | {"models": ModelsScreen}
    DEFAULT_MODE = "models"
    CSS_PATH = Path(app.__file__).with_name("appliance.tcss")

    def on_unmount(self):
        """Let what still works end."""
        self.sources.models.machine.go_on.set()


def models_app(source, status="three-gpu-nodes", **more):
    """An app with the screen of models in front."""
    found = recorded_app(load(status), kind=ModelsApp, **more)
    found.sources = replace(found.sources, models=source)
    return found
