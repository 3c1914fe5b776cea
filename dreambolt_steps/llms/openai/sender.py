"""One request to an OpenAI-compatible server, and what its outcome means."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dreambolt_steps.llms.openai.login import authorize
from dreambolt_steps.llms.openai.network import find_proxy, make_ssl_context
from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Call

if TYPE_CHECKING:
    import aiohttp

_ACCOUNT_HEADERS = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


@dataclass(frozen=True)
class Reply:
    """What a server sent back: status and headers of HTTP, and the body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Sender:
    """Sends requests, such as chat completions, with aiohttp: with 32 in flight the openai client
    spends three times the processor time per request, and a core is full at half the rate.

    Args:
        server: where, and which model.
        key: the API key.
        timeout: seconds until a request without an answer is given up.
        connections: open at a time.
        path: what is asked for, below the server's address.
    """

    def __init__(
        self,
        server: Server,
        key: str,
        timeout: float,
        connections: int,
        path: str = "/chat/completions",
    ) -> None:
        self._server = server
        self._timeout, self._connections = timeout, connections
        self._url = f"{server.base_url}{path}"
        self._headers = {"Content-Type": "application/json", **authorize(server.base_url, key)}
        for variable, header in _ACCOUNT_HEADERS.items():  # as the openai client has them
            if value := os.environ.get(variable):
                self._headers[header] = value
        self._headers |= server.headers
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble:
        """Send one chat completion request, once."""
        body = self._server.build_body(call, traits)
        reply = await self.post(body)
        if isinstance(reply, Trouble):
            return reply
        return self._server.read(reply.status, reply.headers, reply.content, body, traits)

    async def post(self, body: Mapping[str, Any]) -> Reply | Trouble:
        """Send a request, once. Returns: trouble only where nothing came back."""
        import aiohttp

        session = self._session or self._open_session()
        try:
            async with (
                asyncio.timeout(self._timeout),
                session.post(self._url, data=json.dumps(body), proxy=self._proxy) as response,
            ):
                return Reply(response.status, response.headers, await response.read())
        except TimeoutError:
            return Trouble(f"no answer within {self._timeout:g} s", transient=True)
        except (aiohttp.ClientError, OSError) as error:
            told = str(error) or type(error).__name__
            reason = f"connection to {self._server.base_url} failed: {told}"
            return Trouble(reason, transient=True)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        secure = self._url.startswith("https:")
        self._proxy = find_proxy(self._url)
        connector = aiohttp.TCPConnector(
            limit=self._connections, ssl=make_ssl_context() if secure else True
        )
        self._session = aiohttp.ClientSession(
            connector=connector, headers=self._headers, timeout=aiohttp.ClientTimeout()
        )
        return self._session
