"""Any OpenAI-compatible embedding server as a DataDreamer Embedder."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from datadreamer.embedders import Embedder

from dreambolt_steps.embedding.models.server_sender import EmbeddingSender, ask_for, read_vectors
from dreambolt_steps.embedding.text_source import clean_text
from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.ledger.prices import find_price
from dreambolt_steps.llms.ledger.session import open_session_ledger
from dreambolt_steps.llms.ledger.spending import current_spending_limit
from dreambolt_steps.llms.openai.exchange import ChatExchange
from dreambolt_steps.llms.openai.rate_limit import Flow
from dreambolt_steps.llms.openai.server import OPENAI, Server, choose_url
from dreambolt_steps.llms.outcome import estimate_tokens
from dreambolt_steps.llms.protocol import Answer, Exchange
from dreambolt_steps.llms.records import Kept
from dreambolt_steps.model_identity import identify_model


class ServerEmbedder(Embedder):
    """A model behind any server that speaks OpenAI's embeddings: OpenAI itself, Azure OpenAI, vLLM,
    Ollama, llama.cpp, Text Embeddings Inference...

    Requests run side by side under the rules of `ChatModel`: a server that says it is overloaded is
    asked less, transient errors are tried again, what was spent counts in the session's ledger and
    against `limit_spending`. Each answer is on disk at once when `EmbedColumns` asks. A request
    that is too large for the server is halved, and so is a text that is too long.

    Args:
        model: its name at the server.
        base_url: of the server, by default OPENAI_BASE_URL, else OpenAI's own.
        key_variable: the environment variable that holds the API key.
        dimensions: asked of the server, where the model can shorten its vectors.
        prompt: put before every text, as some models want.
        texts_per_request: at most.
        max_in_flight: requests under way at a time, at most.
        requests_per_minute, tokens_per_minute: limits of your account, default none.
        timeout: seconds until a request without an answer is tried again.
        max_tokens: that the model reads; chunks are cut to it.
        price: USD for a million tokens, where no table knows the model.
        cache_folder_path: folder of the ledger, and of DataDreamer's vector cache for `run`.

    Raises: CredentialError: OpenAI's own server is asked without a key.

    Example:
        embedder = ServerEmbedder("text-embedding-3-small", dimensions=512)
        local = ServerEmbedder("nomic-embed-text", base_url="http://localhost:11434/v1")
    """

    asks_server = True

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        key_variable: str = "OPENAI_API_KEY",
        dimensions: int | None = None,
        prompt: str = "",
        texts_per_request: int = 64,
        max_in_flight: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout: float = 120.0,
        max_tokens: int = 8191,
        price: float | None = None,
        cache_folder_path: str | None = None,
    ) -> None:
        super().__init__(model_name=model, cache_folder_path=cache_folder_path)
        self.base_url = choose_url(base_url)
        self.dimensions, self.prompt = dimensions, prompt
        self._key_variable = key_variable
        self._texts, self._timeout = texts_per_request, timeout
        self._limits = (max_in_flight, requests_per_minute, tokens_per_minute)
        self._max_tokens = max_tokens
        self._price = None if price is None else (price, 0.0)
        if self.base_url == OPENAI:
            self._server.read_key()

    def encode_batches(
        self, texts: Sequence[str], step: str | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield answers as they come: positions of texts, and float32 vectors.

        Args:
            texts: to embed.
            step: name of the step that pays.

        Raises: CredentialError, ModelError, CostLimitError: as of `ChatModel`.
        """
        clean = [self.prompt + clean_text(text) for text in texts]
        settings = {"dimensions": self.dimensions} if self.dimensions else {}
        starts: dict[int, int] = {}
        waiting = iter(range(0, len(clean), self._texts))
        with self._open_exchange(step or "embed") as exchange:
            left = len(range(0, len(clean), self._texts))
            while left:
                while exchange.pending < exchange.room and (at := next(waiting, None)) is not None:
                    call = ask_for(clean[at : at + self._texts], settings)
                    starts[id(call)] = at
                    exchange.submit(call)
                answer = exchange.collect()
                left -= 1
                at = starts.pop(id(answer.call))
                yield self._read(answer, at, min(self._texts, len(clean) - at))

    def encode(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield a float32 vector of shape (dims,) per text, in order."""
        found: dict[int, np.ndarray] = {}
        for positions, vectors in self.encode_batches(texts):
            found |= dict(zip(positions.tolist(), vectors, strict=True))
        for position in range(len(texts)):
            yield found[position]

    def run(
        self,
        texts: Iterable[str],
        truncate: bool = False,
        instruction: str | None = None,
        batch_size: int = 1024,
        return_generator: bool = False,
        total_num_texts: int | None = None,
        **kwargs: Any,
    ) -> Generator[np.ndarray, None, None] | list[np.ndarray]:
        """Embed texts through DataDreamer's own batching and cache; its steps call this.

        Args: as of DataDreamer's `Embedder.run`. Texts that are too long are always cut.
        """
        vectors = self._run_over_batches(
            run_batch=lambda inputs, **_: list(self.encode(inputs)),
            get_max_input_length_function=None,
            max_model_length=None,
            inputs=texts,
            instruction=instruction,
            batch_size=batch_size,
            total_num_inputs=total_num_texts,
            **kwargs,
        )
        return vectors if return_generator else list(vectors)

    def count_tokens(self, value: str) -> int:
        """About how many tokens a text has."""
        return estimate_tokens(value)

    @property
    def model_max_length(self) -> int:
        """Tokens that the model reads, as told."""
        return self._max_tokens

    @cached_property
    def dims(self) -> int:
        """Floats of one vector; found by asking once, where `dimensions` does not tell."""
        return self.dimensions or len(next(self.encode(["a"])))

    @property
    def _cache_name(self) -> str:
        plain = "".join(c if c.isalnum() or c in "-." else "-" for c in self.model_name)
        return f"{plain}_{self.dimensions or 'all'}"

    @property
    def _server(self) -> Server:
        return Server(self.model_name, self.base_url, self._key_variable)

    def _open_exchange(self, step: str) -> LedgerExchange:
        ledger = open_session_ledger(self.cache_folder_path)
        identity = identify_model(self)
        price = find_price(self.model_name, self.base_url, self._price)
        label = f"{self.model_name} {self.base_url}"
        records = ledger.open_records(step, identity, label, price)

        def keep(items: Sequence[Kept]) -> None:
            # Vectors lie in the session's store; the ledger keeps what was paid, and what failed.
            records.keep([(tried, a if a and a.text is None else None) for tried, a in items])

        def open_inner() -> Exchange:
            key = self._server.read_key()
            make = partial(EmbeddingSender, self._server, key, self._timeout, self._limits[0])
            return ChatExchange(make, Flow(*self._limits), replace(records, keep=keep))

        return LedgerExchange(
            open_inner, ledger, identity, step, price, current_spending_limit(), self.model_name
        )

    def _read(self, answer: Answer, at: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        if answer.text is None:
            raise ModelError(
                f"{self.base_url} gave no embeddings of {self.model_name}: {answer.failure}; those "
                "that came before are kept, so the same command goes on from there"
            )
        return np.arange(at, at + count), read_vectors(answer.text, count)
