"""llama.cpp in this process, through xllamacpp's ready-made wheels."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener


class Llama:
    """A loaded GGUF model. xllamacpp 2026.10 has only llama.cpp's server as an interface, and that
    listens on 127.0.0.1 at a port of its own; here with a random key, so that nobody else uses it.

    Args:
        file: the GGUF file.
        context_length: tokens of prompt and answer together.
        threads: of the CPU.

    Raises: RuntimeError: llama.cpp can't load the file.
    """

    def __init__(self, file: Path, context_length: int, threads: int) -> None:
        from xllamacpp import CommonParams, Server

        self.context_length = context_length
        wanted = CommonParams()
        wanted.model.path = str(file)
        wanted.n_ctx, wanted.n_parallel = context_length, 1
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
        wanted.cache_ram_mib = 0  # what a prompt shares with the one before is kept all the same
        # else a model with a sliding window reads every prompt from its start
        wanted.swa_full = True
        wanted.warmup = wanted.ui = wanted.endpoint_slots = False
        wanted.verbosity = -1
        self._key = secrets.token_hex(16)
        wanted.api_keys = [self._key]
        self._server = Server(wanted)

    def complete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Continue a prompt.

        Args:
            request: as llama.cpp's `/v1/completions` takes it: prompt, max_tokens, grammar...

        Returns: the completion, or `{"error": ...}`, as the server writes them.
        """
        found: dict[str, Any] = self._server.handle_completions(dict(request))
        return found

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has."""
        body = json.dumps({"content": text}).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = Request(f"{self._server.listening_address}/tokenize", body, headers)
        with build_opener(ProxyHandler({})).open(request) as response:
            return len(json.load(response)["tokens"])
