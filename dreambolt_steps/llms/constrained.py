"""Answers of a llama.cpp model under a grammar, at nearly the speed of those without one."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_LIKELY = 128
_LEAST_SHARE = 0.05


def complete_constrained(
    model: Any, prompt: list[int], grammar: str, max_tokens: int, temperature: float, seed: int
) -> tuple[str, str, int]:
    """Continue a prompt with a text of a grammar.

    llama-cpp-python 0.3.16 asks the grammar about all 262,144 tokens of Gemma's vocabulary at each
    step, which takes longer than the model. Here it is asked about the likely ones, and about all
    only when it refuses each of these. What the prompt shares with the one before is not read
    again.

    Args:
        model: a loaded `llama_cpp.Llama`.
        prompt: its tokens.
        grammar: in llama.cpp's notation (GBNF), with a rule `root`.
        max_tokens: of the answer.
        temperature: 0 takes the likeliest token.
        seed: of the draws.

    Returns: the text; `stop` when it is whole, `length` when it was cut off; its tokens.
    """
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(model._model.model)
    sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
    if not sampler:
        raise ValueError("llama.cpp does not take the grammar")
    draw = np.random.default_rng(seed)
    end = model.token_eos()
    answer: list[int] = []
    finish = "length"
    try:
        _read(model, prompt)
        while len(answer) < max_tokens:
            logits = np.ctypeslib.as_array(
                llama_cpp.llama_get_logits_ith(model._ctx.ctx, -1), shape=(model.n_vocab(),)
            )
            likely = np.argpartition(logits, -_LIKELY)[-_LIKELY:]
            allowed = _filter(sampler, np.append(likely[likely != end], end), logits)
            if not len(allowed):
                allowed = _filter(sampler, np.arange(len(logits)), logits)
            token = _draw(draw, allowed, logits, temperature)
            if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                finish = "stop"
                break
            llama_cpp.llama_sampler_accept(sampler, token)
            answer.append(token)
            model.eval([token])
    finally:
        llama_cpp.llama_sampler_free(sampler)
    return model.detokenize(answer).decode("utf-8", "ignore"), finish, len(answer)


def _read(model: Any, prompt: list[int]) -> None:
    """Have the model read a prompt, but for what it has in memory already."""
    known = model.input_ids[: model.n_tokens]
    shared = min(len(known), len(prompt) - 1)
    differs = np.flatnonzero(known[:shared] != np.array(prompt[:shared]))
    shared = int(differs[0]) if len(differs) else shared
    model.n_tokens = shared
    model.eval(prompt[shared:])


def _filter(sampler: Any, tokens: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Those of the tokens that the grammar allows next."""
    import llama_cpp

    size = len(tokens)
    data = (llama_cpp.llama_token_data * size)()
    view = np.frombuffer(data, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
    view["id"], view["logit"] = tokens, logits[tokens]
    array = llama_cpp.llama_token_data_array(
        data=ctypes.cast(data, ctypes.POINTER(llama_cpp.llama_token_data)),
        size=size,
        selected=-1,
        sorted=False,
    )
    llama_cpp.llama_sampler_apply(sampler, ctypes.byref(array))
    found: np.ndarray = view["id"][np.isfinite(view["logit"])].copy()
    return found


def _draw(
    draw: np.random.Generator, tokens: np.ndarray, logits: np.ndarray, temperature: float
) -> int:
    """One of the tokens, by its probability; those much less likely than the best are left out."""
    values = logits[tokens]
    if temperature <= 0:
        return int(tokens[values.argmax()])
    shares = np.exp(values - values.max())
    shares = np.where(shares < _LEAST_SHARE, 0.0, shares ** (1 / temperature))
    return int(draw.choice(tokens, p=shares / shares.sum()))
