"""What litellm knows of a model's provider before anything is asked."""

from __future__ import annotations

from dreambolt_steps.errors import CredentialError, UsageError
from dreambolt_steps.llms.litellm.sender import import_litellm


def find_provider(model: str) -> str:
    """The provider that a model's name tells, such as gemini of gemini/gemini-2.0-flash.

    Raises: UsageError: it tells none.
    """
    litellm = import_litellm()
    try:
        return str(litellm.get_llm_provider(model)[1])
    except litellm.exceptions.BadRequestError as error:
        raise UsageError(
            f"{model} names no provider that litellm knows; write it in front, as in "
            "gemini/gemini-2.0-flash or mistral/mistral-small-latest"
        ) from error


def check_provider(model: str, api_base: str | None = None) -> None:
    """Fail when a model's provider needs a key that is not there.

    Args:
        model: with its provider in front.
        api_base: where it is asked, if that was told.

    Raises: CredentialError naming the variables to set; UsageError as `find_provider`.
    """
    find_provider(model)
    found = import_litellm().validate_environment(model)
    told = "_API_BASE" if api_base else None
    if missing := [name for name in found["missing_keys"] if not (told and name.endswith(told))]:
        raise CredentialError(
            f"{' and '.join(missing)} not set; set {'it' if len(missing) == 1 else 'them'} in the "
            "environment or in .env"
        )
