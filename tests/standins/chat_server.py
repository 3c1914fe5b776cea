"""An OpenAI-compatible server for tests: it answers what a function says, and counts.

It speaks real HTTP on a real socket, and can drop connections or answer with anything. It proves
how a client copes; it says nothing of how well a model writes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

from tests.standins.batch_service import BatchService
from tests.standins.replies import Reply, refuse


class ChatServer:
    """Runs in a thread, on 127.0.0.1 and a free port, inside a `with` block.

    Args:
        answer: takes the request's body and its number (from 0); a text is the model's answer.

    Attributes:
        bodies: of all requests to /chat/completions, in the order in which they came.
        paths: of those requests.
        heads: of all requests, as they came.
        authorizations: the header of that name of each request, whatever its path.
        batches: its batch API.
        finished: their numbers, in the order in which they were answered.
    """

    def __init__(self, answer: Callable[[dict[str, Any], int], Reply | str]) -> None:
        self.answer = answer
        self.bodies: list[dict[str, Any]] = []
        self.finished: list[int] = []
        self.paths: list[str] = []
        self.heads: list[str] = []
        self.authorizations: list[str] = []
        self.models: list[str] | Reply | None = None
        self.batches = BatchService(answer)
        self._started = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> ChatServer:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        server = self._loop.run_until_complete(starting)
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                for line in head.split("\r\n"):
                    if line.lower().startswith("authorization:"):
                        self.authorizations.append(line.partition(":")[2].strip())
                lengths = [line for line in head.lower().split("\r\n") if "content-length:" in line]
                size = int(lengths[0].split(":")[1]) if lengths else 0
                content = await reader.readexactly(size)
                reply, number = self._choose(*head.split(" ")[:2], content)
                await asyncio.sleep(reply.delay)
                for _ in range(1000):
                    if len(self.bodies) >= reply.after:
                        break
                    await asyncio.sleep(0.02)
                if reply.drop:
                    return
                body = reply.build_body()
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
                told = "".join(f"{k}: {v}\r\n" for k, v in {**headers, **reply.headers}.items())
                writer.write(f"HTTP/1.1 {reply.status} X\r\n{told}\r\n".encode() + body)
                await writer.drain()
                if number is not None:
                    self.finished.append(number)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _choose(self, method: str, path: str, content: bytes) -> tuple[Reply, int | None]:
        if "/files" in path or "/batches" in path:
            status, raw = self.batches.serve(method, path, content)
            return Reply(raw=raw, status=status, drop=not status), None
        if path.endswith("/models"):
            if isinstance(self.models, Reply):
                return self.models, None
            if self.models is None:
                return refuse(404, "no such page"), None
            data = [{"id": name, "object": "model"} for name in self.models]
            return Reply(raw=json.dumps({"object": "list", "data": data}).encode()), None
        number = len(self.bodies)
        body = json.loads(content)
        self.bodies.append(body)
        self.paths.append(path)
        found = self.answer(body, number)
        return (Reply(found) if isinstance(found, str) else found), number


def read_prompt(body: dict[str, Any]) -> str:
    """The user's message of a request."""
    return str(body["messages"][-1]["content"])


if __name__ == "__main__":
    # A server in a process of its own, for benchmarks: DELAY EVERY SLOW. Each EVERYth answer takes
    # SLOW seconds instead of DELAY (0: none). A line on stdin is answered with the number of
    # requests so far; it ends with stdin.
    import sys

    delay, every, slow = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

    def answer(_: dict[str, Any], number: int) -> Reply:
        late = every and number % every == every // 2
        return Reply('{"rows": []}', delay=slow if late else delay)

    with ChatServer(answer) as running:
        print(running.url, flush=True)
        while sys.stdin.readline():
            print(len(running.bodies), flush=True)
