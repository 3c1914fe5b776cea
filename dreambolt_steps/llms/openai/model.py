"""Any OpenAI-compatible server as a DataDreamer LLM."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from functools import cached_property
from typing import Any

import xxhash
from datadreamer.llms import LLM

from dreambolt_steps.errors import UsageError
from dreambolt_steps.llms.generations import generate
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.ledger.prices import Price, find_price
from dreambolt_steps.llms.ledger.session import open_session_ledger
from dreambolt_steps.llms.ledger.spending import current_spending_limit
from dreambolt_steps.llms.ledger.store import CallLedger
from dreambolt_steps.llms.openai.ask_once import ask_once
from dreambolt_steps.llms.openai.exchange import ChatExchange
from dreambolt_steps.llms.openai.model_check import check_model
from dreambolt_steps.llms.openai.rate_limit import Flow
from dreambolt_steps.llms.openai.sender import Sender
from dreambolt_steps.llms.openai.server import OPENAI, Server, choose_url
from dreambolt_steps.llms.openai_batch.api import BatchApi
from dreambolt_steps.llms.openai_batch.batch_queue import JobExchange
from dreambolt_steps.llms.openai_batch.jobs import Jobs
from dreambolt_steps.llms.outcome import estimate_tokens
from dreambolt_steps.llms.protocol import Exchange
from dreambolt_steps.log import current_reporter
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.unknown_names import tell_known

MODES = ("live", "batch")


class ChatModel(LLM):
    """A model behind any server that speaks OpenAI's chat completions: OpenAI itself, Azure OpenAI
    (`https://NAME.openai.azure.com/openai/v1`), vLLM, Ollama, llama.cpp, OpenRouter...

    Works in every DataDreamer step that takes an LLM. Calls run side by side without barriers; each
    answer is on disk at once, in the session's `.cache/calls.sqlite`, and never paid again. A
    server that says it is overloaded is asked less; transient errors are tried again, others not.

    Args:
        model: its name at the server.
        base_url: of the server, by default OPENAI_BASE_URL, else OpenAI's own.
        key_variable: the environment variable that holds the API key. Servers other than OpenAI's
            may do without.
        system_prompt: put before every prompt.
        max_in_flight: calls under way at a time, at most.
        requests_per_minute, tokens_per_minute: limits of your account, default none.
        timeout: seconds until a request without an answer is tried again.
        context_length: tokens the model reads, prompt and answer together; examples are left out
            of prompts that would be longer, and longer ones are refused before they are sent.
        price: USD for a million tokens in and out, where no table knows the model.
        mode: `live`, or `batch`: through the provider's batch API (OpenAI's form), at its price,
            half of the usual one, and within a day. All calls are handed over at once; a run that
            is stopped leaves them running, and the next one collects them. Answers are the same
            ones in either mode.
        extra_body: more fields of every request, such as `{"reasoning_effort": "low"}`. They are a
            part of what an answer is kept by.
        headers: more headers of every request, such as those of a gateway. They may be secret, so
            nothing keeps or shows them.
        cache_folder_path: folder of the ledger, default the session's own.

    Raises:
        CredentialError: OpenAI's own server is asked without a key.
        UsageError: an unknown mode.

    Example:
        llm = ChatModel("gpt-4.1-mini")
        half = ChatModel("gpt-4.1-mini", mode="batch")
        local = ChatModel("llama3.2", base_url="http://localhost:11434/v1")
    """

    trials = 3  # answers of a synthesis until one has to hold a row that fits: they are paid

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        key_variable: str = "OPENAI_API_KEY",
        system_prompt: str | None = None,
        max_in_flight: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout: float = 120.0,
        context_length: int = 128_000,
        price: tuple[float, float] | None = None,
        mode: str = "live",
        extra_body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        cache_folder_path: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise UsageError(f"there is no mode {mode!r}; {tell_known(mode, MODES)}")
        super().__init__(cache_folder_path=cache_folder_path)
        self.model_name = model
        self.base_url = choose_url(base_url)
        self.system_prompt = system_prompt
        self._key_variable = key_variable
        self._limits = (max_in_flight, requests_per_minute, tokens_per_minute)
        self._timeout = timeout
        self._context_length = context_length
        self._price, self._mode = price, mode
        self._headers = dict(headers or {})
        if extra_body:  # only then, so that answers kept without it are found
            self.extra_body = dict(extra_body)
        if self.base_url == OPENAI:
            self._server.read_key()

    def run(
        self,
        prompts: Iterable[str],
        max_new_tokens: int | None = None,
        temperature: float = 1.0,
        top_p: float | None = None,
        n: int = 1,
        stop: str | list[str] | None = None,
        repetition_penalty: float | None = None,
        logit_bias: dict[int, float] | None = None,
        seed: int | None = None,
        force: bool = False,
        cache_only: bool = False,
        return_generator: bool = False,
        total_num_prompts: int | None = None,
        progress_interval: int | None = None,
        batch_size: int | None = None,
        batch_scheduler_buffer_size: int | None = None,
        adaptive_batch_size: bool = False,
        verbose: bool | None = None,
        log_level: int | None = None,
        _step: Any = None,
        **body: Any,
    ) -> Generator[str | list[str], None, None] | list[str | list[str]]:
        """Answer prompts, in their order; DataDreamer's own steps call this.

        Args:
            prompts: any iterable of texts; read as it is needed.
            max_new_tokens, temperature, top_p, stop, seed, logit_bias: as the API has them; what is
                None is not sent. `repetition_penalty` is sent as `presence_penalty`.
            n: answers for each prompt; more than one gives lists.
            force: ask again, whatever is known.
            cache_only: ask nothing; a prompt that was not answered before is a ModelError.
            return_generator: yield the answers instead of returning a list.
            total_num_prompts, progress_interval, batch_size, batch_scheduler_buffer_size,
                adaptive_batch_size, verbose, log_level: taken for DataDreamer's sake, and ignored;
                `max_in_flight` says how many calls are under way.
            **body: more fields of the request, such as `response_format` or `reasoning_effort`.
        """
        settings = {
            "temperature": temperature,
            "top_p": top_p,
            "stop": stop,
            "presence_penalty": repetition_penalty,
            "logit_bias": logit_bias,
            "seed": seed,
            **body,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        answers = generate(
            self, prompts, given, max_new_tokens, n, _step, force=force, cache_only=cache_only
        )
        return answers if return_generator else list(answers)

    def open_exchange(self, step: str, *, ledger: CallLedger | None = None) -> LedgerExchange:
        """Calls of a step to this model, over the session's ledger.

        Args:
            step: its name; spending is counted by it.
            ledger: another ledger than the session's.
        """
        kept = ledger or open_session_ledger(self.cache_folder_path)
        identity, price = identify_model(self), self.price
        label = f"{self.model_name} {self.base_url}"
        records = kept.open_records(step, identity, label, price)

        def open_inner() -> Exchange:
            if self._mode == "live":
                say = current_reporter().say
                return ChatExchange(
                    self._make_sender,
                    Flow(*self._limits),
                    records,
                    lambda change, reason: say(
                        f"{self.model_name} at {self.base_url}: {change}, since it said {reason}"
                    ),
                )
            api = BatchApi(self._server, self._server.read_key(), self._timeout)
            full = kept.open_records(step, identity, label, self._find_price(batch=False))
            return JobExchange(
                api,
                Jobs(kept, step, identity, label),
                records,
                lambda call: call.identify(identity),
                lambda call: ask_once(call, self._make_sender, full),
                current_reporter().say,
            )

        return LedgerExchange(
            open_inner, kept, identity, step, price, current_spending_limit(), self.model_name
        )

    def check(self) -> None:
        """Ask the server whether it is there, takes the key and has the model, before any work.

        Raises:
            CredentialError: the key is missing or refused.
            ModelError: nothing listens, or the model is unknown.
        """
        check_model(self.model_name, self.base_url, self._server.read_key(), self._key_variable)

    @property
    def price(self) -> Price | None:
        """What its tokens cost, through the batch API if that is its mode; None if nobody told."""
        return self._find_price(batch=self._mode == "batch")

    @property
    def context_length(self) -> int:
        """Tokens of prompt and answer that the model reads together."""
        return self._context_length

    def count_tokens(self, value: str) -> int:
        """About how many tokens a text has; counted without a tokenizer, which would have to be
        downloaded."""
        return estimate_tokens(value)

    def get_max_context_length(self, max_new_tokens: int) -> int:
        """Tokens that a prompt may have beside `max_new_tokens` of answer."""
        return self._context_length - max_new_tokens

    @cached_property
    def model_card(self) -> str | None:
        """Nothing is known of models by their names alone."""

    @property
    def _cache_name(self) -> str:
        """Everything that decides the answers, for fingerprints of DataDreamer's own steps."""
        parts = repr((self.base_url, self.system_prompt, self.chat_prompt_template))
        plain = "".join(c if c.isalnum() or c in "-." else "-" for c in self.model_name)
        return f"{plain}-{xxhash.xxh3_64_hexdigest(parts.encode())}"

    def _find_price(self, *, batch: bool) -> Price | None:
        return find_price(self.model_name, self.base_url, self._price, batch=batch)

    def _make_sender(self) -> Sender:
        return Sender(self._server, self._server.read_key(), self._timeout, self._limits[0])

    @property
    def _server(self) -> Server:
        extra = getattr(self, "extra_body", {})
        return Server(self.model_name, self.base_url, self._key_variable, extra, self._headers)
