"""A BERT encoder computed on this CPU with its weights packed once for oneDNN.

`transformers` 4 and 5 call plain torch operators, which bring each weight into oneDNN's order anew
in every call, and run each activation as a pass of its own. Here weights are packed when the model
is loaded, and bias and GELU are part of the product: the operators that torch's own compiler puts
in (`torch._inductor.fx_passes.mkldnn_fusion`, torch 2.13), called without a compiler.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dreambolt_steps.embedding.models.torch_devices import CPU_BATCH_TOKENS, has_bfloat16

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_SHORT_TOKENS = 16
_ROWS_STEP = 128  # oneDNN compiles and keeps a product for each number of rows it meets
_KEPT_BYTES = 31 << 20


def pack_model(model: PreTrainedModel, *, half: bool = False) -> PackedBert | None:
    """Pack a model if it is a plain BERT encoder in float32 on an x86 CPU; None for any other.

    Args:
        model: loaded.
        half: whether products are in bfloat16, where the CPU has it.
    """
    import torch

    config = model.config
    plain = (
        config.model_type == "bert"
        and config.hidden_act == "gelu"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and model.dtype == torch.float32
    )
    known = hasattr(torch.ops.mkldnn, "_linear_pointwise") and torch.backends.mkldnn.is_available()
    here = model.device.type == "cpu" and platform.machine() in ("x86_64", "AMD64")
    if not (plain and known and here):
        return None
    is_half = half and has_bfloat16("cpu")
    return PackedBert(model, torch.bfloat16 if is_half else torch.float32)


def _count_group(tokens: int) -> int:
    """How many texts of so many tokens are looked at together."""
    return max(_SHORT_TOKENS // tokens, 1)


class PackedBert:
    """A BERT encoder for inference.

    Args:
        model: one that `pack_model` takes.
        dtype: torch.float32, or torch.bfloat16 for products in bfloat16; the rest is in float32.
    """

    def __init__(self, model: PreTrainedModel, dtype: torch.dtype) -> None:
        import torch

        # Until glibc has freed a block as large as it ever keeps (32 MiB), each batch asks the
        # system for its memory anew: a seventh of the time of the first batches.
        torch.empty(_KEPT_BYTES, dtype=torch.uint8)
        self._heads = model.config.num_attention_heads
        with torch.no_grad():
            embeddings = model.embeddings
            self._words = embeddings.word_embeddings.weight.detach()
            kind = embeddings.token_type_embeddings.weight[0]
            self._places = (embeddings.position_embeddings.weight + kind).detach()
            self._norm = embeddings.LayerNorm
            self._layers = [_pack_layer(layer, dtype) for layer in model.encoder.layer]

    def encode(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The last hidden states.

        Args:
            ids: int64 of shape (texts, tokens).
            mask: 1 for a token, 0 for padding behind the tokens; of the same shape.

        Returns: float32 of shape (texts, tokens, dims).
        """
        import torch

        texts, tokens = ids.shape
        if missing := -texts % _count_group(tokens):
            ids = torch.cat([ids, ids[:1].expand(missing, tokens)])
            mask = torch.cat([mask, mask[:1].expand(missing, tokens)])
        attention = _Attention(mask.bool(), self._heads)
        hidden = torch.nn.functional.embedding(ids, self._words) + self._places[:tokens]
        hidden = self._norm(hidden).view(ids.numel(), -1)
        hidden = torch.nn.functional.pad(hidden, (0, 0, 0, -len(hidden) % _ROWS_STEP))
        for layer in self._layers:
            given = layer.into_heads.multiply(hidden)
            hidden = layer.norm(hidden.add_(layer.out_of_heads.multiply(attention.attend(given))))
            inner = layer.widen.multiply(hidden, "gelu")
            hidden = layer.last_norm(hidden.add_(layer.narrow.multiply(inner)))
        return hidden[: ids.numel()].view(len(ids), tokens, -1)[:texts]


class _Attention:
    """Attention among the tokens of each text of a batch.

    Short texts are looked at by the group, each token at those of its own text, for attention over
    a few tokens costs mostly its calls; and by plain products, which take half the time of torch's
    kernel there.
    """

    def __init__(self, mask: torch.Tensor, heads: int) -> None:
        """Take the mask, of shape (texts, tokens), of a batch filled up to `_count_group`s."""
        import torch

        texts, tokens = mask.shape
        group = _count_group(tokens)
        self._heads, self._groups, self._size = heads, texts // group, tokens * group
        self._is_short = self._size <= _SHORT_TOKENS
        seen = mask.view(-1, 1, self._size)
        if bool(seen.all()):
            seen = seen[:1]
        if self._is_short:
            text = torch.arange(self._size) // tokens
            missing = _SHORT_TOKENS - self._size
            seen = torch.nn.functional.pad(seen & (text[:, None] == text), (0, missing))
            seen = torch.nn.functional.pad(seen, (0, 0, 0, missing), value=True)
        bias = torch.zeros(seen.shape).masked_fill_(~seen, float("-inf"))
        if not self._is_short:
            bias = bias[:, None]  # the same for each head
        elif len(bias) > 1:
            bias = bias.repeat_interleave(heads, 0)
        self._bias = bias

    def attend(self, given: torch.Tensor) -> torch.Tensor:
        """What each token takes from the others.

        Args:
            given: query, key and value of each token side by side, of shape (rows, 3 x dims), where
                rows behind the tokens count for nothing.

        Returns: of shape (rows, dims).
        """
        import torch

        count = self._groups * self._size
        parts = (
            given[:count].view(self._groups, self._size, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        )
        if self._is_short:
            context = self._multiply(parts)
        else:
            query, key, value = parts.float()  # torch's kernel takes longer in bfloat16
            context = torch.nn.functional.scaled_dot_product_attention(
                query, key, value, self._bias
            )
        taken = given.new_empty(len(given), given.shape[1] // 3)
        taken[:count].view(self._groups, self._size, self._heads, -1).copy_(context.transpose(1, 2))
        taken[count:] = 0
        return taken

    def _multiply(self, parts: torch.Tensor) -> torch.Tensor:
        """Each group filled up to 16 tokens: torch's softmax over 14 takes six times as long."""
        import torch

        shape = (3, self._groups, self._heads, _SHORT_TOKENS, parts.shape[-1])
        filled = torch.empty(shape)
        filled[..., : self._size, :] = parts
        filled[..., self._size :, :] = 0
        query, key, value = filled.flatten(1, 2)
        scale = query.shape[-1] ** -0.5
        scores = torch.baddbmm(self._bias, query, key.transpose(1, 2), alpha=scale)
        return torch.bmm(scores.softmax(-1), value).view(shape[1:])[..., : self._size, :]


@dataclass(frozen=True)
class _Linear:
    """A linear layer, packed."""

    weight: torch.Tensor
    bias: torch.Tensor

    def multiply(self, values: torch.Tensor, activation: str = "none") -> torch.Tensor:
        import torch

        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            values.to(self.bias.dtype), self.weight, self.bias, activation, [], "none"
        )
        return product


@dataclass(frozen=True)
class _Layer:
    into_heads: _Linear
    out_of_heads: _Linear
    norm: torch.nn.Module
    widen: _Linear
    narrow: _Linear
    last_norm: torch.nn.Module


def _pack_layer(layer: Any, dtype: torch.dtype) -> _Layer:
    own, out = layer.attention.self, layer.attention.output
    return _Layer(
        _pack([own.query, own.key, own.value], dtype),
        _pack([out.dense], dtype),
        out.LayerNorm,
        _pack([layer.intermediate.dense], dtype),
        _pack([layer.output.dense], dtype),
        layer.output.LayerNorm,
    )


def _pack(linears: list[torch.nn.Linear], dtype: torch.dtype) -> _Linear:
    """One layer that gives what several give, one behind the other."""
    import torch

    weight = torch.cat([linear.weight for linear in linears]).to(dtype).contiguous()
    bias = torch.cat([linear.bias for linear in linears]).to(dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, CPU_BATCH_TOKENS)
    return _Linear(packed, bias)
