"""A model of any provider that litellm knows, as a DataDreamer LLM."""

from __future__ import annotations

from typing import Any

from dreambolt_steps.llms.ledger.prices import BY_NAME, Price, find_price
from dreambolt_steps.llms.litellm.provider import check_provider, find_provider
from dreambolt_steps.llms.litellm.sender import LiteLLMSender
from dreambolt_steps.llms.openai.model import ChatModel
from dreambolt_steps.llms.openai.server import Server


class LiteLLMModel(ChatModel):
    """A model of a provider with a protocol of its own, through litellm: Anthropic, Gemini,
    Mistral, Bedrock, Vertex AI, Cohere...

    Works in every DataDreamer step that takes an LLM, and is asked as a `ChatModel` is: side by
    side without barriers, with the ledger, limits, prices, and a JSON Schema where the provider
    takes one. It has no batch mode.

    Args:
        model: with its provider in front, as litellm names it: `gemini/gemini-2.0-flash`.
        api_base: another address than the provider's, as litellm takes it (for Gemini with
            `/models/NAME` at its end).
        system_prompt, max_in_flight, requests_per_minute, tokens_per_minute, timeout,
            context_length, price, cache_folder_path: as `ChatModel` has them.

    Keys come from the environment variables that litellm names: GEMINI_API_KEY, MISTRAL_API_KEY,
    ANTHROPIC_API_KEY...

    Raises: UsageError: the name tells no provider.

    Example:
        llm = LiteLLMModel("gemini/gemini-2.0-flash")
        SynthesizeRows("synthesize", inputs=columns(clean), args={"llm": llm, "rows": 200})
    """

    def __init__(
        self,
        model: str,
        api_base: str | None = None,
        *,
        system_prompt: str | None = None,
        max_in_flight: int = 32,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        timeout: float = 120.0,
        context_length: int = 128_000,
        price: tuple[float, float] | None = None,
        cache_folder_path: str | None = None,
    ) -> None:
        self._provider = find_provider(model)
        super().__init__(
            model,
            api_base or self._provider,
            system_prompt=system_prompt,
            max_in_flight=max_in_flight,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            timeout=timeout,
            context_length=context_length,
            price=price,
            cache_folder_path=cache_folder_path,
        )
        self._api_base = api_base

    def check(self) -> None:
        """Fail when a key is missing; a wrong one is told by the first call.

        Raises: CredentialError naming the variables to set.
        """
        check_provider(self.model_name, self._api_base)

    def _find_price(self, *, batch: bool) -> Price | None:
        return find_price(self.model_name, BY_NAME, self._price)

    def _make_sender(self) -> Any:
        return LiteLLMSender(self._server, self._api_base, self._timeout, self._limits[0])

    @property
    def _server(self) -> Server:
        return Server(self.model_name, self.base_url, f"the environment for {self._provider}")
