"""Spreadsheets that do not open as they are: encrypted ones, for which the environment has a
password, and damaged ones."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, PasswordError

from dreambolt_steps.errors import CredentialError, SourceError

PASSWORD_VARIABLE = "DREAMBOLT_FILE_PASSWORD"
PASSWORD_ADVICE = f"set {PASSWORD_VARIABLE} to its password, or save it without one"
_DAMAGE = (CalamineError, zipfile.BadZipFile, NotImplementedError, LookupError, ValueError)
_OLE = b"\xd0\xcf\x11\xe0"
_PACKAGE = "EncryptedPackage".encode("utf-16-le")


@contextmanager
def open_decrypted(path: Path) -> Iterator[IO[bytes]]:
    """Open a spreadsheet; one that is encrypted with DREAMBOLT_FILE_PASSWORD.

    Raises: CredentialError where no password is set or it is not the right one; SourceError for an
        OpenDocument file that is encrypted, which nothing here decrypts.
    """
    with path.open("rb") as handle:
        if not is_encrypted(path):
            yield handle
            return
        if zipfile.is_zipfile(path):
            raise SourceError(f"{path}: is encrypted; save it without a password")
        password = os.environ.get(PASSWORD_VARIABLE)
        if not password:
            raise CredentialError(f"{path}: is encrypted; {PASSWORD_ADVICE}")
        with tempfile.TemporaryFile() as plain:
            _decrypt(path, handle, password, plain)
            plain.seek(0)
            yield plain


def is_encrypted(path: Path) -> bool:
    """Whether a file is an encrypted .xlsx, .xlsb or .ods; of an .xls its reader tells."""
    with path.open("rb") as handle:
        if handle.read(4) == _OLE:
            handle.seek(0)
            return _PACKAGE in handle.read()
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as opened:
        manifest = "META-INF/manifest.xml"
        return manifest in opened.namelist() and b"encryption-data" in opened.read(manifest)


def _decrypt(path: Path, handle: IO[bytes], password: str, target: IO[bytes]) -> None:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

    try:
        book = msoffcrypto.OfficeFile(handle)
        book.load_key(password=password, verify_password=True)
        book.decrypt(target)
    except InvalidKeyError as error:
        raise CredentialError(
            f"{path}: is encrypted, and {PASSWORD_VARIABLE} is not its password"
        ) from error
    except (DecryptionError, FileFormatError, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(f"{path}: is encrypted, and can't be decrypted ({reason})") from error


@contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turn what calamine raises, or panics with, into one clear line."""
    try:
        yield
    except PasswordError as error:
        raise SourceError(f"{path}: is encrypted; {PASSWORD_ADVICE}") from error
    except BaseException as error:
        # What a panic in Rust becomes is no Exception, and has no class to name.
        if not isinstance(error, _DAMAGE) and type(error).__name__ != "PanicException":
            raise
        reason = _shorten(error)
        raise SourceError(f"{path}: spreadsheet truncated or damaged ({reason})") from error


def _shorten(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
