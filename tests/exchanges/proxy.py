"""A forward proxy with an address of its own, as an egress has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL


@dataclass
class Proxy:
    """Where it listens, and how many requests it has carried."""

    url: str = ""
    carried: int = 0
    authorised_by: str | None = None


@asynccontextmanager
async def open_proxy(address: str) -> AsyncIterator[Proxy]:
    """Lend a proxy whose requests come from `address`, one of this machine's 127.x.x.x."""
    proxy = Proxy()
    connector = aiohttp.TCPConnector(limit=0, local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            proxy.carried += 1
            proxy.authorised_by = request.headers.get("Proxy-Authorization")
            target = f"http://{request.headers['Host']}{request.rel_url.raw_path_qs}"
            kept = {n: v for n, v in request.headers.items() if not n.startswith("Proxy-")}
            async with session.request(
                request.method, URL(target, encoded=True), headers=kept, data=await request.read()
            ) as answer:
                headers = {
                    name: value
                    for name, value in answer.headers.items()
                    if name.startswith("X-") or name in {"Retry-After", "Content-Type"}
                }
                return web.Response(status=answer.status, headers=headers, body=await answer.read())

        runner = web.ServerRunner(web.Server(forward, access_log=None), shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()
