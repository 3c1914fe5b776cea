"""What tokens cost: the dated table of genai-prices, or the user's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import UsageError

PRICES_VARIABLE = "DREAMBOLT_PRICES"
BY_NAME = "litellm"  # genai-prices takes names with the provider in front under this one
_MILLION = 1_000_000


@dataclass(frozen=True)
class OwnPrice:
    """A price that the user gave.

    Attributes:
        input, output: USD for a million tokens.
        source: where it comes from.
    """

    input: float
    output: float
    source: str = "given"

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """USD for the tokens of one call."""
        return (tokens_in * self.input + tokens_out * self.output) / _MILLION


@dataclass(frozen=True)
class ListPrice:
    """A provider's price as genai-prices (a table kept by pydantic, with dates) has it.

    Attributes:
        model: its name.
        base_url: of the provider, or `litellm` where the model's name tells it.
        batch: whether calls go through the provider's batch API.
    """

    model: str
    base_url: str
    batch: bool = False

    @cached_property
    def source(self) -> str:
        """The table and its version."""
        return f"genai-prices {version('genai-prices')}"

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """USD for the tokens of one call.

        Raises: LookupError for a model that is not in the table.
        """
        from genai_prices import Usage, calc_price

        by_name = self.base_url == BY_NAME
        found = calc_price(
            Usage(input_tokens=tokens_in, output_tokens=tokens_out),
            self.model,
            provider_id=BY_NAME if by_name else None,
            provider_api_url=None if by_name else self.base_url,
            price_context={"processing": "batch"} if self.batch else None,
        )
        return float(found.total_price)


Price = OwnPrice | ListPrice


def find_price(
    model: str,
    base_url: str,
    given: tuple[float, float] | None = None,
    *,
    batch: bool = False,
) -> Price | None:
    """The price of a model.

    Args:
        model: its name at the server.
        base_url: of the server, or `BY_NAME` where the model's name tells its provider.
        given: USD for a million tokens, in and out; goes before every table.
        batch: whether calls go through the provider's batch API.

    Returns: None when nobody told: the model is in no table, or the server is one's own.

    Raises: UsageError: the file in DREAMBOLT_PRICES can't be read.

    >>> find_price("m", "http://127.0.0.1/v1", (0.5, 1.5)).cost(1_000_000, 2_000_000)
    3.5
    """
    if given is not None:
        return OwnPrice(*given)
    if path := os.environ.get(PRICES_VARIABLE):
        own = read_prices(Path(path))
        if model in own:
            return own[model]
    listed = ListPrice(model, base_url, batch)
    try:
        listed.cost(1, 1)
    except LookupError:
        return None
    return listed


def read_prices(path: Path) -> dict[str, OwnPrice]:
    """A user's table of prices.

    Args:
        path: a YAML file such as
            `as_of: 2026-11-01` and `models: {my-model: {input: 0.15, output: 0.60}}`,
            in USD for a million tokens.

    Raises: UsageError telling what is wrong with the file.
    """
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        source = f"{path.name} of {data['as_of']}"
        return {
            str(model): OwnPrice(float(price["input"]), float(price["output"]), source)
            for model, price in data["models"].items()
        }
    except OSError as error:
        raise UsageError(f"{PRICES_VARIABLE}={path}: {(error.strerror or '').lower()}") from error
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{PRICES_VARIABLE}={path}: {error!r}; write `as_of: DATE` and "
            "`models: {NAME: {input: USD, output: USD}}`, for a million tokens"
        ) from error
