"""Which model vectors are of: by the content of its files, and by name only where nothing else is
known."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import UsageError

_CONTENT = ("xxh3-", "sha256-")


@dataclass(frozen=True)
class VectorOrigin:
    """What a table records of the vectors of a column, by one of its loads.

    Attributes:
        model: name and dimensions, for people; None where nothing is recorded.
        revision, weights: hashes of the model's files, and of its weights alone, where known.
        dims: floats that were kept of each vector.
        embedder: the name by which `open_embedder` opens the model.
        query_prompt: what is put before a text that is looked for.
    """

    model: str | None
    revision: str = ""
    weights: str = ""
    dims: int | None = None
    embedder: str | None = None
    query_prompt: str | None = None

    @classmethod
    def read(cls, column: str, pairs: Mapping[str, str]) -> VectorOrigin:
        """The origin of a column, from the metadata of a load."""
        name = column.removesuffix("_embedding")
        facts = json.loads(pairs.get(f"embedding.{name}.facts", "{}"))
        return cls(
            pairs.get(f"embedding.{name}"),
            str(facts.get("revision") or ""),
            str(facts.get("weights") or ""),
            facts.get("dims"),
            facts.get("embedder"),
            facts.get("query_prompt"),
        )

    def is_of(self, embedder: Any) -> bool:
        """Whether a model made these vectors, as far as it is known."""
        revision = str(getattr(embedder, "revision", "") or "")
        if not self.revision.startswith(_CONTENT) or not revision.startswith(_CONTENT):
            return self.model in (None, name_model(embedder))
        if self.revision == revision:
            return True
        weights = hash_weights(embedder)
        return weights != "" and weights in (self.revision, self.weights)


def name_model(embedder: Any) -> str:
    """A model for people: its name and dimensions."""
    return f"{embedder.model_name} ({embedder.dims} dims)"


def hash_weights(embedder: Any) -> str:
    """SHA-256 of a local model's weights, written as in the RECORD of a package; empty for a model
    whose weights are no one file."""
    folder = getattr(embedder, "folder", None)
    if folder is None:
        revision = str(getattr(embedder, "revision", "") or "")
        return revision if revision.startswith("sha256-") else ""
    found = sorted(Path(folder).glob("**/*.safetensors"))
    if len(found) != 1:
        return ""
    with found[0].open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return f"sha256-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def check_origins(
    column: str, width: int, origins: Sequence[VectorOrigin], embedder: Any, hint: str
) -> None:
    """Fail where vectors of a model would be compared with those of another one.

    Args:
        column: of the vectors.
        width: floats of each.
        origins: of all loads of the column.
        embedder: the model of the other vectors.
        hint: what to do, for the error.

    Raises: UsageError: a load is of another model, or of other weights under the same name.
    """
    ours = name_model(embedder)
    for origin in origins:
        if origin.is_of(embedder):
            continue
        if origin.model == ours:
            raise UsageError(
                f"{column} was embedded by a model that is named {ours} as well but has other "
                f"weights ({origin.revision[:20]}); {hint}"
            )
        raise UsageError(_tell(column, str(origin.model), ours, hint))
    if width != embedder.dims and {origin.dims for origin in origins} != {width}:
        raise UsageError(_tell(column, f"another model ({width} dims)", ours, hint))


def _tell(column: str, theirs: str, ours: str, hint: str) -> str:
    return f"{column} was embedded by {theirs}, this command has {ours}; {hint}"
