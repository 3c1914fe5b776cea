"""Whether a server, a key and a model are there, before any work is done for them."""

from __future__ import annotations

import difflib

from dreambolt_steps.errors import CredentialError, ModelError, UnknownModelError
from dreambolt_steps.llms.openai.login import authorize


def check_model(model: str, base_url: str, key: str, key_name: str, timeout: float = 20.0) -> None:
    """Ask a server for its models.

    Args:
        model: the name to look for.
        base_url: of the server.
        key: the API key.
        key_name: the environment variable it came from.
        timeout: seconds.

    Raises:
        CredentialError: the key is refused.
        ModelError: nothing listens there, or the server lists its models and this is none of them.
    """
    import openai

    client = openai.OpenAI(
        base_url=base_url,
        api_key=key,
        timeout=timeout,
        max_retries=1,
        default_headers=authorize(base_url, key),
    )
    with client:
        try:
            names = [one.id for one in client.models.list().data or []]
        except openai.AuthenticationError as error:
            raise CredentialError(
                f"{base_url} refused the key in {key_name}: {_shorten(error)}; set a valid one"
            ) from error
        except openai.APIStatusError:
            return  # many servers have no list of models; the first call will tell
        except openai.APIConnectionError as error:
            told = error.__cause__ or error
            raise ModelError(
                f"no model server answers at {base_url} ({told}); check the address and the network"
            ) from error
        except (openai.OpenAIError, ValueError, AttributeError, TypeError):
            return
    if names and not _is_among(model, names):
        close = difflib.get_close_matches(model, names, n=3, cutoff=0.4) or sorted(names)[:5]
        raise UnknownModelError(f"{base_url} has no model {model}; it has {', '.join(close)}...")


def _is_among(model: str, names: list[str]) -> bool:
    """Whether a server's list holds a model, also without its tag (`llama3` for `llama3:latest`)
    or without the folder in front."""
    plain = {name for full in names for name in (full, full.split(":")[0], full.split("/")[-1])}
    return model in plain or model.split(":")[0] in plain or len(names) >= 100


def _shorten(error: Exception) -> str:
    return str(getattr(error, "message", error)).strip()[:200]
