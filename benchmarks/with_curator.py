"""Calls through curator (bespokelabs-curator), run by a Python that has it: URL FOLDER CALLS
IN_FLIGHT. Prints the seconds, imports not counted."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

url, folder, calls, in_flight = sys.argv[1:]
os.environ |= {
    "CURATOR_CACHE_DIR": folder,
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "OPENAI_API_KEY": "none",
    "TELEMETRY_ENABLED": "0",
}

import tiktoken  # noqa: E402


class Characters:
    """Stands for the tokenizer that would be downloaded: a count of characters, which is faster."""

    name = "characters"

    def encode(self, text: str, **_: Any) -> range:
        return range(len(text) // 4)


tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: Characters()

from bespokelabs import curator  # noqa: E402

limits = {
    "base_url": url,
    "max_concurrent_requests": int(in_flight),
    "max_requests_per_minute": 10**7,
    "max_tokens_per_minute": 10**10,
}
llm = curator.LLM(model_name="gpt-4o-mini", backend="openai", backend_params=limits)
prompts = [f"Prompt {number}: " + "say something. " * 20 for number in range(int(calls))]
started = time.perf_counter()
llm(prompts)
print(time.perf_counter() - started)
