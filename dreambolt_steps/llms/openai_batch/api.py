"""OpenAI's batch API: a file of requests is handed over, and files of results come back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dreambolt_steps.errors import DreamboltError, ModelError, TransientError
from dreambolt_steps.llms.openai.login import authorize
from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble

METADATA = "dreambolt_job"
ENDED = ("completed", "failed", "expired", "cancelled")
MOST_CALLS, _MOST_BYTES = 50_000, 150_000_000
_WINDOW = "24h"
_SEARCHED = 300
_CLOCKS_DIFFER = 600.0


@dataclass(frozen=True)
class BatchState:
    """How far a batch is.

    Attributes:
        name: the provider's name for it.
        status: as the API has it; the end is one of `ENDED`.
        done, total: requests that are answered, and all.
        code, reason: why it failed as a whole; empty otherwise.
        files: the results: answers, then errors.
        all_files: these and the one of the requests.
    """

    name: str
    status: str
    done: int = 0
    total: int = 0
    code: str = ""
    reason: str = ""
    files: tuple[str, ...] = ()
    all_files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One result: the key of the call, the HTTP status (0 if it was not asked), and the body."""

    key: str
    status: int
    body: Any
    code: str = ""


class BatchApi:
    """Speaks to a provider with the openai client, which tries transient errors again by itself;
    only the handing over is never repeated blindly.

    Args:
        server: where, and which model.
        key: the API key.
        timeout: seconds for one request.
    """

    def __init__(self, server: Server, key: str, timeout: float) -> None:
        self.server, self._key, self._timeout = server, key, timeout

    @cached_property
    def _client(self) -> Any:
        import openai

        return openai.OpenAI(
            base_url=self.server.base_url,
            api_key=self._key,
            timeout=self._timeout,
            max_retries=4,
            default_headers=authorize(self.server.base_url, self._key) | {**self.server.headers},
        )

    def hand_over(self, token: str, bodies: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
        """Upload requests and start a batch of them.

        Args:
            token: put into the batch's metadata.
            bodies: keys of calls and bodies of their requests.

        Returns: the provider's name for the batch.

        Raises:
            TransientError: it is not known whether the batch was started; `find` tells.
            CredentialError, ModelError: it was not.
        """
        with tempfile.TemporaryFile() as file, self._errors():
            for key, body in bodies:
                line = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions"}
                file.write(json.dumps({**line, "body": body}).encode() + b"\n")
            file.seek(0)
            sent = self._client.files.create(file=(f"{token}.jsonl", file), purpose="batch")
        with self._errors():
            batch = self._client.with_options(max_retries=0).batches.create(
                input_file_id=sent.id,
                endpoint="/v1/chat/completions",
                completion_window=_WINDOW,
                metadata={METADATA: token},
            )
        return str(batch.id)

    def find(self, token: str, since: float) -> str | None:
        """The name of the batch with a token in its metadata; None if there is none.

        Args:
            since: seconds since 1970; older ones are not looked at.
        """
        with self._errors():
            for number, batch in enumerate(self._client.batches.list(limit=100)):
                if (batch.metadata or {}).get(METADATA) == token:
                    return str(batch.id)
                if number >= _SEARCHED and batch.created_at < since - _CLOCKS_DIFFER:
                    break
        return None

    def look(self, name: str) -> BatchState:
        """How far a batch is."""
        with self._errors(f"no batch {name} for this key; use the key it was started with"):
            batch = self._client.batches.retrieve(name)
        counts = batch.request_counts
        errors = (batch.errors.data if batch.errors else None) or []
        results = tuple(file for file in (batch.output_file_id, batch.error_file_id) if file)
        return BatchState(
            name,
            batch.status,
            counts.completed + counts.failed if counts else 0,
            counts.total if counts else 0,
            str(errors[0].code or "") if errors else "",
            "; ".join(dict.fromkeys(str(one.message) for one in errors))[:300],
            results,
            (*results, batch.input_file_id),
        )

    def read(self, state: BatchState) -> Iterator[Line]:
        """The results of a batch that has ended."""
        for name in state.files:
            with tempfile.NamedTemporaryFile() as file:
                with self._errors(f"the results of batch {state.name} are gone"):
                    self._client.files.content(name).write_to_file(file.name)
                with open(file.name, encoding="utf-8") as lines:  # noqa: PTH123
                    yield from (_read_line(json.loads(line)) for line in lines if line.strip())

    def judge(self, line: Line, body: Mapping[str, Any], traits: Traits) -> Completion | Trouble:
        """What a result means; `body` and `traits` are those of its request."""
        if line.status:
            return self.server.judge(line.status, {}, line.body, body, traits)
        reason = f"{line.code}: {(line.body or {}).get('message', '')}"
        return Trouble(reason, transient=line.code.startswith("batch_"))

    def forget(self, state: BatchState) -> None:
        """Delete the files of a batch at the provider: its requests hold rows of the table."""
        import openai

        for name in state.all_files:
            try:
                self._client.with_options(max_retries=0).files.delete(name)
            except openai.OpenAIError:
                continue

    @contextmanager
    def _errors(self, missing: str = "") -> Iterator[None]:
        import openai

        url = self.server.base_url
        try:
            yield
        except openai.APIStatusError as error:
            found = self._judge(error.status_code, error.body)
            if isinstance(found, ModelError) and error.status_code == 404:
                told = missing or "it has no batch API; use mode='live'"
                raise ModelError(f"{url}: {told}") from error
            raise found from error
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise TransientError(f"no answer from {url}: {cause}") from error

    def _judge(self, status: int, answer: Any) -> DreamboltError:
        found = self.server.judge(status, {}, answer, {}, Traits())
        if getattr(found, "fatal", None) is not None:
            return found.fatal  # type: ignore[union-attr, return-value]
        reason = f"{self.server.base_url}: {getattr(found, 'reason', '')}"
        transient = getattr(found, "transient", False)
        return TransientError(reason) if transient else ModelError(reason)


def _read_line(line: Mapping[str, Any]) -> Line:
    answer, error = line.get("response") or {}, line.get("error") or {}
    status = int(answer.get("status_code") or 0)
    return Line(
        str(line["custom_id"]), status, answer.get("body") or error, str(error.get("code") or "")
    )


def cut_batches(
    bodies: Iterable[tuple[str, Mapping[str, Any]]], most: int = MOST_CALLS
) -> Iterator[list[str]]:
    """The keys of requests, in parts of as many and as large as a batch may have."""
    part: list[str] = []
    size = 0
    for key, body in bodies:
        length = len(json.dumps(body))
        if part and (len(part) == most or size + length > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(key)
        size += length
    if part:
        yield part
