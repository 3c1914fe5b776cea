"""`doctor`: is everything here that a run needs, and what to do about what is not?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from dreambolt_steps.cli.doctor_checks import NOTE, OK, PROBLEM, Check, check_machine
from dreambolt_steps.cli.status import reach_service
from dreambolt_steps.cli.tables import make_printable
from dreambolt_steps.findings.finding import count
from dreambolt_steps.settings import CREDENTIALS, find_endpoint, find_missing

_MARKS = {OK: ("ok", "green"), NOTE: ("--", "dim"), PROBLEM: ("no", "bold red")}


def show_doctor(*, online: bool, as_json: bool) -> bool:
    """Print what was found.

    Args:
        online: ask the services that are set up, too; nothing is sent to them otherwise.
        as_json: one JSON document instead of lines.

    Returns: whether there is no problem.
    """
    found = []
    console = Console(soft_wrap=True)
    group = ""
    for check in _check_all(online):
        found.append(check)
        if as_json:
            continue
        if check.group != group:
            group = check.group
            console.print(Text(("\n" if len(found) > 1 else "") + group, style="bold"))
        mark, style = _MARKS[check.state]
        line = Text("  ").append(mark, style=style)
        console.print(line.append(f"  {check.name}: {make_printable(check.told)}"))
    problems = [check for check in found if check.state == PROBLEM]
    if as_json:
        print(json.dumps({"is_well": not problems, "checks": [asdict(one) for one in found]}))
        return not problems
    console.print()
    if problems:
        names = ", ".join(f"{one.group}: {one.name}" for one in problems)
        console.print(f"{count(len(problems), 'problem')}: {names}", highlight=False, markup=False)
    else:
        told = "everything that a run needs is here"
        more = "" if online else "; --online asks the services, too"
        console.print(told + more, highlight=False)
    return not problems


def _check_all(online: bool) -> Iterator[Check]:
    yield from check_machine()
    if online:
        yield from _check_services()


def _check_services() -> Iterator[Check]:
    """Whether the services that are set up answer; of the others nothing is asked."""
    for service in ("OpenAI", "S3"):
        if find_missing(CREDENTIALS[service]) and not find_endpoint(service):
            yield Check("online", service, NOTE, "is not set up")
            continue
        answer = reach_service(service)
        yield Check("online", service, PROBLEM if "not reachable" in answer else OK, answer)
    missing = find_missing((*CREDENTIALS["Firebolt"], "FIREBOLT_CORE_URL"))
    if "FIREBOLT_CORE_URL" in missing and set(CREDENTIALS["Firebolt"]) & set(missing):
        yield Check("online", "Firebolt", NOTE, "is not set up")
        return
    from dreambolt_steps.errors import DreamboltError
    from dreambolt_steps.warehouses.firebolt.check import run_checks
    from dreambolt_steps.warehouses.firebolt.settings import read_settings

    try:
        settings = read_settings()
        for one in run_checks(settings, settings.staging):
            state = OK if one.problem is None else PROBLEM
            yield Check("online", f"Firebolt, {one.name}", state, one.told)
    except DreamboltError as error:
        yield Check("online", "Firebolt", PROBLEM, str(error))
