"""What `doctor` looks at on this machine, without the network."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.settings import CREDENTIALS, ENDPOINTS, FIREBOLT, find_missing
from dreambolt_steps.user_cache import find_cache

OK, NOTE, PROBLEM = "ok", "note", "problem"
_PROJECT = "dreambolt-steps"
_PYTHONS = ((3, 11), (3, 13))
_LITTLE, _TOO_LITTLE = 2 << 30, 200 << 20
_FOR_DEVELOPERS = ("test", "dev")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        group: what it belongs to.
        name: what was looked at.
        state: OK, NOTE (nothing that has to be done) or PROBLEM.
        told: what was found, and what to do about it.
    """

    group: str
    name: str
    state: str
    told: str


def check_machine() -> Iterator[Check]:
    """Everything, group by group."""
    yield from _check_python()
    yield from _check_packages()
    yield from _check_extras()
    yield from _check_disks()
    yield from _check_models()
    yield from _check_settings()


def _check_python() -> Iterator[Check]:
    found, told = sys.version_info[:2], f"{platform.python_version()} in {sys.prefix}"
    if not _PYTHONS[0] <= found <= _PYTHONS[1]:
        yield Check("python", "version", PROBLEM, f"{told}; use one of 3.11 to 3.13")
    else:
        yield Check("python", "version", OK, told)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Check("python", "machine", OK, f"{platform.system()} {platform.machine()}, {cores} cores")


def _check_packages() -> Iterator[Check]:
    """Each package that is needed, against the versions that are asked for."""
    try:
        wanted = [Requirement(text) for text in requires(_PROJECT) or []]
    except PackageNotFoundError:
        told = f"{_PROJECT} itself is not installed, so its versions are not known; pip install ."
        yield Check("packages", _PROJECT, NOTE, told)
        return
    yield Check("packages", _PROJECT, OK, version(_PROJECT))
    names: dict[str, list[Requirement]] = {}
    for one in wanted:
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            names.setdefault(one.name, []).append(one)
    for name, requirements in names.items():
        asked = ",".join(str(one.specifier) for one in requirements)
        try:
            found = version(name)
        except PackageNotFoundError:
            told = f"is not installed; run: pip install '{name}{asked}'"
            yield Check("packages", name, PROBLEM, told)
            continue
        if all(one.specifier.contains(found, prereleases=True) for one in requirements):
            yield Check("packages", name, OK, found)
        else:
            told = f"{found}, where {asked} is asked for; what is tested is in requirements.lock"
            yield Check("packages", name, NOTE, told)


def _check_extras() -> Iterator[Check]:
    """Each extra: there, or how to get it."""
    try:
        wanted = [Requirement(text) for text in requires(_PROJECT) or []]
    except PackageNotFoundError:
        return
    extras: dict[str, list[str]] = {}
    for one in wanted:
        for extra in _find_extras(one):
            extras.setdefault(extra, []).append(one.name)
    for extra, names in extras.items():
        missing = [name for name in names if _find_version(name) is None]
        told = ", ".join(f"{name} {_find_version(name)}" for name in names)
        if missing:
            told = f"is not installed; to have it: pip install '{_PROJECT}[{extra}]'"
        yield Check("extras", extra, OK if not missing else NOTE, told)


def _find_extras(requirement: Requirement) -> list[str]:
    words = str(requirement.marker or "").replace("'", '"').split('"')
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if "extra ==" in word]
    return [extra for extra in named if extra not in _FOR_DEVELOPERS]


def _check_disks() -> Iterator[Check]:
    places = {
        "this folder": Path.cwd(),
        "temporary files": Path(tempfile.gettempdir()),
        "cache of models": find_cache(),
    }
    for name, place in places.items():
        there = next(one for one in (place, *place.parents) if one.is_dir())
        try:
            with tempfile.TemporaryFile(dir=there):
                free = shutil.disk_usage(there).free
        except OSError as error:
            told = f"{place} can't be written: {error.strerror}; {_tell_variable(name)}"
            yield Check("disk", name, PROBLEM, told)
            continue
        told = f"{place}, {free / 2**30:,.1f} GiB free"
        if free < _TOO_LITTLE:
            yield Check("disk", name, PROBLEM, f"{told}; make room, or {_tell_variable(name)}")
        else:
            yield Check("disk", name, NOTE if free < _LITTLE else OK, told)


def _tell_variable(name: str) -> str:
    variable = {"temporary files": "TMPDIR", "cache of models": "XDG_CACHE_HOME"}.get(name)
    return f"set {variable} to another folder" if variable else "work in another folder"


def _check_models() -> Iterator[Check]:
    from dreambolt_steps.embedding.models.weights import find_model_file
    from dreambolt_steps.llms.llama_cpp.files import check_local_model

    try:
        path = find_model_file("model.safetensors")
        told = f"all-MiniLM-L6-v2, {path.stat().st_size / 2**20:,.0f} MiB, whole"
        yield Check("models", "embedding", OK, told)
    except DreamboltError as error:
        yield Check("models", "embedding", PROBLEM, str(error))
    try:
        check_local_model(None)
        yield Check("models", "--llm local", OK, "Gemma 3 270M")
    except DreamboltError as error:
        yield Check("models", "--llm local", NOTE, str(error))


def _check_settings() -> Iterator[Check]:
    """Variables by name: whether they are set, never to what."""
    here = Path(".env").is_file()
    yield Check("settings", ".env", OK, "is read" if here else "there is none in this folder")
    for service, names in CREDENTIALS.items():
        more = FIREBOLT if service == "Firebolt" else ENDPOINTS[service]
        missing = find_missing(names)
        for name in (*names, *more):
            is_set = bool(os.environ.get(name))
            half = not is_set and name in missing and len(missing) < len(names)
            told = "is set" if is_set else "is not set"
            if half:
                told += f", but {' and '.join(one for one in names if one not in missing)} is"
            yield Check("settings", name, PROBLEM if half else OK if is_set else NOTE, told)


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
