"""A language model in this process, without a server or a network."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from datadreamer.llms import LLM

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.generations import generate
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.ledger.session import open_session_ledger
from dreambolt_steps.llms.llama_cpp.exchange import LocalExchange
from dreambolt_steps.llms.llama_cpp.files import check_local_model, find_packaged_file
from dreambolt_steps.llms.llama_cpp.llama import Llama
from dreambolt_steps.llms.protocol import Exchange
from dreambolt_steps.log import current_reporter
from dreambolt_steps.model_identity import identify_model

PACKAGED = "gemma-3-270m-q4_k_m"


class LocalModel(LLM):
    """A llama.cpp model in this process. By default Gemma 3 270M (4 bits), which comes as a package
    and runs offline on any CPU: small enough to try everything out, and too small to write well.

    Works in every DataDreamer step that takes an LLM. `SynthesizeRows` holds it to a grammar, so
    that every answer has the columns, types, categories and codes of the table. Needs
    `pip install "dreambolt-steps[local-llm]"`.

    Args:
        path: a GGUF file, default the packaged model.
        context_length: tokens of prompt and answer together.
        threads: of the CPU, default half of its cores: llama.cpp's threads wait for each other, and
            on a busy machine all of them wait for the slowest.
        cache_folder_path: folder of the ledger, default the session's own.

    Raises:
        ModelError: a package or the file is missing.

    Example:
        llm = LocalModel()
        better = LocalModel("models/qwen2.5-7b-instruct-q4_k_m.gguf")
    """

    attempts = 10  # for each row of a synthesis: a small model misses more often, at no cost

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        context_length: int = 4096,
        threads: int | None = None,
        cache_folder_path: str | None = None,
    ) -> None:
        super().__init__(cache_folder_path=cache_folder_path)
        self.model_name = Path(path).stem if path else PACKAGED
        # A folder in front makes the identity cover the file's content.
        self.path = str(Path(path).absolute()) if path else None
        self.context_length = context_length
        self._threads = threads
        self.check()

    def run(
        self,
        prompts: Iterable[str],
        max_new_tokens: int | None = None,
        temperature: float = 1.0,
        top_p: float | None = None,
        n: int = 1,
        stop: str | list[str] | None = None,
        repetition_penalty: float | None = None,
        seed: int | None = None,
        force: bool = False,
        cache_only: bool = False,
        return_generator: bool = False,
        _step: Any = None,
        **ignored: Any,
    ) -> Generator[str | list[str], None, None] | list[str | list[str]]:
        """Answer prompts, in their order; DataDreamer's own steps call this.

        Args:
            prompts: any iterable of texts; they are continued as they are, without a chat template.
            max_new_tokens, temperature, top_p, stop, repetition_penalty, seed: as llama.cpp has
                them; what is None is left to it.
            n: answers for each prompt; more than one gives lists.
            force, cache_only, return_generator: as `ChatModel` has them.
            **ignored: what DataDreamer passes on besides (batch_size, progress_interval...).
        """
        settings = {
            "temperature": temperature,
            "top_p": top_p,
            "stop": stop,
            "repeat_penalty": repetition_penalty,
            "seed": seed,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        answers = generate(
            self, prompts, given, max_new_tokens, n, _step, force=force, cache_only=cache_only
        )
        return answers if return_generator else list(answers)

    def open_exchange(self, step: str) -> LedgerExchange:
        """Calls of a step to this model, over the session's ledger.

        Args:
            step: its name.
        """
        ledger, identity = open_session_ledger(self.cache_folder_path), identify_model(self)
        records = ledger.open_records(step, identity, self.model_name, None)

        def open_inner() -> Exchange:
            return LocalExchange(lambda: self.model, records)

        # Its calls cost nothing, so that no limit of spending holds for it.
        return LedgerExchange(open_inner, ledger, identity, step, name=self.model_name)

    def check(self) -> None:
        """Fail when a package or the file is missing.

        Raises: ModelError saying what to install.
        """
        check_local_model(self.path)

    @cached_property
    def model(self) -> Llama:
        """The loaded model.

        Raises: ModelError: llama.cpp can't load the file.
        """
        file = Path(self.path) if self.path else find_packaged_file()
        current_reporter().say(f"loading {self.model_name} ({file.stat().st_size >> 20:,} MiB)")
        threads = self._threads or max(1, (os.cpu_count() or 2) // 2)
        try:
            return Llama(file, self.context_length, threads)
        except RuntimeError as error:
            raise ModelError(f"llama.cpp can't load {file}; name a whole GGUF file") from error

    def count_tokens(self, value: str) -> int:
        """Count the tokens of a text."""
        return self.model.count_tokens(value)

    def get_max_context_length(self, max_new_tokens: int) -> int:
        """Tokens that a prompt may have beside `max_new_tokens` of answer."""
        return self.context_length - max_new_tokens

    @cached_property
    def model_card(self) -> str | None:
        """Where the packaged model is described."""
        return None if self.path else "https://huggingface.co/google/gemma-3-270m"

    @cached_property
    def license(self) -> str | None:
        """The licence of the packaged weights."""
        return None if self.path else "https://ai.google.dev/gemma/terms"

    @cached_property
    def _cache_name(self) -> str:
        return self.model_name

    def unload_model(self) -> None:
        """Free the memory of the weights; the next use loads them again."""
        self.__dict__.pop("model", None)
        gc.collect()

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("model", None)
        return state
