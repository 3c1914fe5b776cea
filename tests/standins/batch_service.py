"""The batch API of the chat server: /files and /batches in OpenAI's form.

A batch ends when it was looked at some times; its lines are answered by the server's function. What
can go wrong is told beforehand, for the batches that come next.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.standins.replies import Reply


class BatchService:
    """Files and batches in memory.

    Attributes:
        looks: how often a batch is looked at until it has ended; None: it never ends.
        failures: code and message of the next batches that fail as a whole.
        answered: how many lines of the next batches are answered before they expire.
        lose_next: the next batch is started, but the connection closed instead of an answer.
        started: bodies of the requests that started batches, in their order.
        lines: of all batches, in the order in which they were started.
        files, batches: by their ids.
    """

    def __init__(self, answer: Callable[[dict[str, Any], int], Reply | str]) -> None:
        self._answer = answer
        self._numbers = itertools.count(1)
        self.looks: int | None = 1
        self.failures: list[tuple[str, str]] = []
        self.answered: list[int] = []
        self.lose_next = False
        self.started: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}

    def serve(self, method: str, path: str, content: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 closes the connection."""
        kind, *rest = path.split("?")[0].split("/v1/")[1].split("/")
        found: Any
        if (method, kind, rest) == ("POST", "files", []):
            found = self._add_file(re.split(rb"\r\n\r\n", content, maxsplit=5))
        elif kind == "files" and rest[0] not in self.files:
            return _refuse(404, "No such File object")
        elif (method, kind) == ("DELETE", "files"):
            del self.files[rest[0]]
            found = {"id": rest[0], "object": "file", "deleted": True}
        elif kind == "files":
            return 200, self.files[rest[0]]
        elif (method, rest) == ("POST", []):
            found = self._start(json.loads(content))
            if self.lose_next:
                self.lose_next = False
                return 0, b""
        elif rest == []:
            data = list(reversed(self.batches.values()))
            found = {"object": "list", "data": data, "has_more": False}
        elif rest[0] not in self.batches:
            return _refuse(404, "No batch found")
        else:
            found = self._look(self.batches[rest[0]])
        return 200, json.dumps(found).encode()

    def _add_file(self, parts: list[bytes]) -> dict[str, Any]:
        [lines] = [part for part in parts if part.startswith(b'{"custom_id"')]
        return self._keep(lines[: lines.rindex(b"}\n") + 2])

    def _keep(self, content: bytes) -> dict[str, Any]:
        name = f"file-{next(self._numbers)}"
        self.files[name] = content
        described = {"object": "file", "bytes": len(content), "created_at": int(time.time())}
        return {"id": name, "filename": "x", "purpose": "batch", "status": "ok", **described}

    def _start(self, body: dict[str, Any]) -> dict[str, Any]:
        self.started.append(body)
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        self.lines.extend(lines)
        batch = {
            "id": f"batch-{next(self._numbers)}",
            "object": "batch",
            "status": "in_progress",
            "created_at": int(time.time()),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            **body,
        }
        if self.failures:
            code, message = self.failures.pop(0)
            error = {"code": code, "message": message}
            batch |= {"status": "failed", "errors": {"object": "list", "data": [error]}}
        self.batches[batch["id"]] = batch | {"looks": 0}
        return batch

    def _look(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch["looks"] += 1
        if batch["status"] == "in_progress" and self.looks and batch["looks"] > self.looks:
            self._end(batch)
        return batch

    def _end(self, batch: dict[str, Any]) -> None:
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        most = self.answered.pop(0) if self.answered else len(lines)
        answers, errors = [], []
        for number, line in enumerate(lines):
            if number >= most:
                error = {"code": "batch_expired", "message": "This request could not be executed."}
                errors.append({"custom_id": line["custom_id"], "response": None, "error": error})
                continue
            found = self._answer(line["body"], number)
            reply = Reply(found) if isinstance(found, str) else found
            told = {"status_code": reply.status, "body": json.loads(reply.build_body())}
            where = answers if reply.status == 200 else errors
            where.append({"custom_id": line["custom_id"], "response": told, "error": None})
        for name, results in (("output_file_id", answers), ("error_file_id", errors)):
            if results:  # in another order than they were asked
                text = "".join(json.dumps(one) + "\n" for one in reversed(results))
                batch[name] = self._keep(text.encode())["id"]
        counts = {"total": len(lines), "completed": len(answers), "failed": len(errors)}
        status = "completed" if most >= len(lines) else "expired"
        batch |= {"status": status, "request_counts": counts}


def _refuse(status: int, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"error": {"message": message, "code": None}}).encode()
