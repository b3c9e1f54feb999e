"""A small real server for the callers of the benchmarks."""

from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serving(path, answer):
    """Answer POST at `path` with a handler; gives the server's URL."""
    application = web.Application()
    application.router.add_post(path, answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()
