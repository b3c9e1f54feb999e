"""A pack with a WebSocket, spoken texts and a file, and what follows it over a real connection."""

import json
from contextlib import asynccontextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from appliance.config.site import GatewaySettings, SiteConfig
from appliance.serving.gateway.app import build_app
from appliance.serving.gateway.server import server_of
from tests.unit.serving.ports import free_port

DESCRIPTION = """
name: calls
version: 1.0.0
title: {en: Calls, zh_CN: 通话}
description: {en: Calls., zh_CN: 通话。}
smoke: [{action: swear, payload: {text: Hello}}]
"""
PROGRAM = """
import asyncio
from collections import defaultdict

from pydantic import BaseModel, Field

from appliance.core.errors import NotFound
from appliance.core.messages import _, current_language
from appliance.scenario.numbers import numbers
from appliance.scenario.pack import Action, Download, Permission, Socket

class Watch(BaseModel):
    model_config = {"extra": "forbid"}
    call_id: str = Field(max_length=8)
    floods: bool = False

class Turn(BaseModel):
    model_config = {"extra": "forbid"}
    call_id: str
    text: str

class Tell(BaseModel):
    text: str

class Supply(BaseModel):
    note: str
    content: str


class Export(BaseModel):
    rows: int = 1

NUMBERS = numbers()

def create(context):
    heard = defaultdict(asyncio.Queue)
    ended = []

    async def events(request, caller):
        if request.call_id == "none":
            raise NotFound(_("There is no such thing here."), code="call_not_found")
        context.facts.give(NUMBERS, [request.call_id, "It costs 15 yuan."])
        try:
            if request.call_id != "quiet":
                yield "call", Tell(text=f"{request.call_id} {caller.tenant} {current_language()}")
            while request.floods:
                yield "flood", Tell(text="x" * 50_000)
                await asyncio.sleep(0)
            while (text := await heard[request.call_id].get()) != "end":
                if text == "break":
                    raise KeyError(text)
                yield "turn", Tell(text=text)
            yield "done", Tell(text="over")
        finally:
            ended.append(request.call_id)

    async def turn(request, caller):
        heard[request.call_id].put_nowait(request.text)
        if request.text == "slow":
            await asyncio.sleep(3600)
        return Tell(text=f"heard {request.text}")

    async def swear(request, caller):
        return Tell(text=request.text)

    async def supply(request, caller):
        return Tell(text=request.note)

    async def own(request, caller):
        return Tell(text=str(context.own_files))

    async def export(request, caller):
        return Download(filename="通话 1.csv", media_type="text/csv", content=b"\\xff\\xfe" * request.rows)

    return [
        Socket("watch", "Watch a call.", "calls/{call_id}/stream", Watch, events,
               message=Action("turn", "Add a turn.", Turn, Tell, turn, path="calls/{call_id}/turns", spoken=True),
               checks=(NUMBERS,)),
        Socket("supervise", "Watch all.", "supervise/{call_id}", Watch, events,
               permission=Permission.SCENARIO_SUPERVISE),
        Action("swear", "Say it.", Tell, Tell, swear, spoken=True),
        Action("refuse", "Say it.", Tell, Tell, swear),
        Action("supply", "Supply a file.", Supply, Tell, supply, files=("content",)),
        Action("own", "Tell the folder.", Export, Tell, own),
        Action("export", "Export.", Export, Download, export, method="GET"),
    ]
"""


@asynccontextmanager
async def serving(context, **settings):
    """Serve the gateway as a replica does; gives its port."""
    server = server_of(build_app(context), SiteConfig(gateway=GatewaySettings(port=free_port(), **settings)))
    await server.start()
    try:
        yield server.ports[0]
    finally:
        await server.stop(1.0)


async def read(socket):
    return json.loads(await socket.recv())


async def tell(socket, **frame):
    await socket.send(json.dumps(frame))


async def refused(opening):
    """Return status and error of a connection that does not open."""
    with pytest.raises(InvalidStatus) as caught:
        await opening.__aenter__()
    response = caught.value.response
    return response.status_code, json.loads(response.body)["error"]["code"]


async def closed(socket):
    """Return what is left to read, and the code that the connection ended with."""
    frames = []
    try:
        while True:
            frames.append(await read(socket))
    except ConnectionClosed as end:
        return frames, None if end.rcvd is None else end.rcvd.code
