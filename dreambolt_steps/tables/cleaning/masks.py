"""Personal data made unreadable: hashed, shortened or redacted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.arguments.clean_table import Mask
from dreambolt_steps.errors import CredentialError
from dreambolt_steps.tables.sql import open_cursor

MASK_KEY = "DREAMBOLT_MASK_KEY"
MIN_KEY_BYTES = 16
REDACTED = "[redacted]"
_BLOCK = 64  # bytes of SHA-256, for HMAC (RFC 2104)
_MAIL = r"^([^@\s])[^@]*(@[^@\s]+\.[^@\s]+)$"


def read_mask_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret that values are hashed with.

    Raises: CredentialError when it is not set or too short: short values such as telephone numbers
        are found again from a hash without a secret by trying them all.
    """
    key = environment.get(MASK_KEY, "").encode()
    if not key:
        raise CredentialError(
            f"masks: {MASK_KEY} not set; set it in the environment or in .env, to a secret of at "
            f"least {MIN_KEY_BYTES} bytes (the same one gives the same hashes, so that tables join)"
        )
    if len(key) < MIN_KEY_BYTES:
        raise CredentialError(f"masks: {MASK_KEY} is shorter than {MIN_KEY_BYTES} bytes")
    return key


def identify_key(key: bytes) -> str:
    """Tell keys apart without telling them: a hash that only who knows the key can make."""
    return hashlib.blake2b(b"dreambolt mask key", key=key[:64], digest_size=16).hexdigest()


class Masker:
    """Masks values of columns, batch by batch."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` is the secret for hashes; it is never shown."""
        self._key = key
        self._engine: duckdb.DuckDBPyConnection | None = None

    def mask(self, values: pa.Array, mask: Mask) -> pa.StringArray:
        """Mask values; NULL stays NULL.

        - hash: HMAC-SHA-256 of the value as text, in hexadecimal: equal values stay equal, so that
          tables of one key join; `hmac.new(key, value, "sha256").hexdigest()` gives the same.
        - partial: a***@example.com for addresses; A***e, the first and the last character, for what
          has five or more; *** for what is shorter.
        - redact: [redacted] for every value.

        Args:
            values: of any type that has a text.
            mask: how.

        >>> names = pa.array(["ann@example.com", "Annabelle", "Ann", None])
        >>> Masker().mask(names, "partial").to_pylist()
        ['a***@example.com', 'A***e', '***', None]
        """
        text = values.cast(pa.string())
        if mask == "redact":
            return pc.if_else(pc.is_valid(text), REDACTED, pa.scalar(None, pa.string()))
        if mask == "hash":
            return self._hash(text)
        is_mail = pc.match_substring_regex(text, _MAIL)
        mails = pc.replace_substring_regex(text, _MAIL, r"\1***\2")
        others = pc.replace_substring_regex(text, r"(?s)^(.).{3,}(.)$", r"\1***\2")
        short = pc.less(pc.utf8_length(text), 5)
        return pc.if_else(is_mail, mails, pc.if_else(short, "***", others))

    def close(self) -> None:
        """Give DuckDB's memory back."""
        if self._engine is not None:
            self._engine.close()

    def _hash(self, text: pa.StringArray) -> pa.StringArray:
        self._engine = self._engine or open_cursor()
        key = self._key or read_mask_key()
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        pads = {
            "outer": bytes(byte ^ 0x5C for byte in block),
            "inner": bytes(byte ^ 0x36 for byte in block),
        }
        self._engine.register("masked", pa.table({"value": text}))
        hashed = self._engine.sql(
            "SELECT sha256($outer || unhex(sha256($inner || encode(value)))) FROM masked",
            params=pads,
        ).to_arrow_table()
        self._engine.unregister("masked")
        return hashed.column(0).cast(pa.string()).combine_chunks()
