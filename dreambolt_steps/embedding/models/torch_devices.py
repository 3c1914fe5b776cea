"""Where torch computes, and token ids as the tensors it takes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dreambolt_steps.embedding.models.token_batches import pad_tokens

if TYPE_CHECKING:
    import torch

CPU_BATCH_TOKENS = 2048
_GPU_BATCH_TOKENS = 4096


def find_devices(wanted: str | list[str] | None = None) -> list[str]:
    """The devices to compute on: those asked for, else every CUDA device, else Apple's, else the
    CPU.

    >>> find_devices("cpu")
    ['cpu']
    """
    if wanted is not None:
        return [wanted] if isinstance(wanted, str) else list(wanted)
    import torch

    if torch.cuda.is_available():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


def choose_batch_tokens(wanted: str | list[str] | None = None) -> int:
    """How many tokens a batch holds on the devices of `find_devices`."""
    return CPU_BATCH_TOKENS if find_devices(wanted) == ["cpu"] else _GPU_BATCH_TOKENS


def has_bfloat16(device: str) -> bool:
    """Whether a device multiplies in bfloat16 faster than in float32: GPUs, and CPUs with AVX-512
    BF16 or AMX."""
    import torch

    return device != "cpu" or torch.cpu._is_avx512_bf16_supported()


def compute_in(half: bool, device: str) -> AbstractContextManager[Any]:
    """Torch's surroundings for matrix products in bfloat16 and the rest in float32, where that is
    wanted and the device has it."""
    import torch

    if not half or not has_bfloat16(device):
        return nullcontext()
    return torch.autocast(device.partition(":")[0], torch.bfloat16)


def build_tensors(
    tokens: list[list[int]], padding: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, padded to the longest text."""
    import torch

    ids, mask = pad_tokens(tokens, padding)
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
