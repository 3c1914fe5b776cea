"""What a model is to an argument: any of DataDreamer's, or the name of one."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from dreambolt_steps.arguments.argument import Argument


class LanguageModel(Protocol):
    """`ChatModel`, `LocalModel`, `LiteLLMModel`, or any DataDreamer LLM."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Answer prompts."""

    def get_max_context_length(self, *args: Any, **kwargs: Any) -> int:
        """Tokens that it reads."""


class EmbeddingModel(Protocol):
    """`MiniLMEmbedder`, `OnnxEmbedder`, `ServerEmbedder`..., or any DataDreamer Embedder."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Embed texts."""

    def count_tokens(self, value: str) -> int:
        """Tokens of a text."""


LlmArgument = Annotated[
    LanguageModel | str | None,
    Argument("ChatModel, LocalModel, any DataDreamer LLM, or a name as --llm takes it."),
]
EmbedderArgument = Annotated[
    EmbeddingModel | str | None,
    Argument(
        "Any DataDreamer Embedder, or a name as --embedder takes it.",
        default_help="the packaged all-MiniLM-L6-v2",
    ),
]
