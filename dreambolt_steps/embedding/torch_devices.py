"""Where torch computes, and token ids as the tensors it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dreambolt_steps.embedding.token_batches import pad_tokens

if TYPE_CHECKING:
    import torch


def find_devices(wanted: str | list[str] | None = None) -> list[str]:
    """The devices to compute on: those asked for, else every CUDA device, else Apple's, else the
    CPU.

    >>> find_devices("cpu")
    ['cpu']
    """
    import torch

    if wanted is not None:
        return [wanted] if isinstance(wanted, str) else list(wanted)
    if torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


def build_tensors(
    tokens: list[list[int]], padding: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, padded to the longest text."""
    import torch

    ids, mask = pad_tokens(tokens, padding)
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
