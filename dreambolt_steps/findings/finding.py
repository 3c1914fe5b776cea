"""One thing that deserves a look: what, how many, where, and what to do about it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dreambolt_steps.log import Receipt

Level = Literal["major", "moderate", "note"]
LEVELS: tuple[Level, ...] = ("major", "moderate", "note")
REPORT_KEY = "look_at"
_OPTIONS = {"LoadTable": "--load", "CleanTable": "--clean"}
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


@dataclass(frozen=True)
class Remedy:
    """An argument that settles something.

    Attributes:
        step: the kind of step that takes it: LoadTable or CleanTable.
        name: of the argument.
        value: that it could have.
        otherwise: other values, in words: "or false".
    """

    step: str
    name: str
    value: Any
    otherwise: str = ""

    def write_option(self) -> str:
        """As an option of `dreambolt ingest`.

        >>> Remedy("CleanTable", "day_first", {"born": True}).write_option()
        '--clean \\'day_first={"born": true}\\''
        """
        other = f" {self.otherwise}" if self.otherwise else ""
        if self.name == "types" and isinstance(self.value, Mapping):
            told = [shlex.quote(f"{column}={word}") for column, word in self.value.items()]
            return " ".join(f"--columns {one}" for one in told) + other
        return write_option(_OPTIONS[self.step], self.name, self.value) + other

    def write_argument(self) -> str:
        """As an argument of the step in a recipe.

        >>> Remedy("CleanTable", "day_first", {"born": True}).write_argument()
        "CleanTable's day_first={'born': True}"
        """
        other = f" {self.otherwise}" if self.otherwise else ""
        return f"{self.step}'s {self.name}={self.value!r}{other}"


@dataclass(frozen=True)
class Finding:
    """One thing that deserves a look.

    Attributes:
        kind: what sort of thing, for programs: rejected_rows, mostly_null...
        level: major where the table is probably not what the source says; moderate where some of
            its values probably are not; note where a person may want to know.
        what: what was found, with its numbers; a sentence without its full stop.
        step: the name of the step that found it.
        columns: that it is about; none for the whole table.
        place: where it was first: a file, a line, a row.
        count, total: how many, of how many.
        advice: what to do, a sentence without its full stop; "" where nothing has to be done.
        remedy: the argument that does it.
    """

    kind: str
    level: Level
    what: str
    step: str = ""
    columns: tuple[str, ...] = ()
    place: str = ""
    count: int | None = None
    total: int | None = None
    advice: str = ""
    remedy: Remedy | None = None

    @property
    def where(self) -> str:
        """The columns that it is about, or the step."""
        if len(self.columns) > 4:
            return f"{', '.join(self.columns[:3])} and {len(self.columns) - 3:,} more columns"
        return ", ".join(self.columns) or self.step

    def tell(self, *, as_option: bool = True) -> str:
        """What was found, where, and what to do.

        Args:
            as_option: name the remedy as an option of `dreambolt ingest`, not as an argument of a
                step.

        >>> Finding("constant", "note", "every row has 'x'", columns=("a",)).tell()
        "a: every row has 'x'."
        """
        place = f" ({self.place})" if self.place else ""
        told = f"{self.where}: {self.what}{place}." if self.where else f"{self.what}{place}."
        advice = self.tell_advice(as_option=as_option)
        return f"{told} {advice}" if advice else told

    def tell_advice(self, *, as_option: bool = True) -> str:
        """What to do, as a sentence; "" where nothing has to be done."""
        if self.remedy is None:
            return f"{self.advice}." if self.advice else ""
        written = self.remedy.write_option() if as_option else self.remedy.write_argument()
        return f"{self.advice or 'This settles it'}: {written}"

    def to_dict(self) -> dict[str, Any]:
        """Every field, ready for JSON, and `told`: all of it in words."""
        kept = asdict(self) | {"columns": list(self.columns), "told": self.tell()}
        if self.remedy is not None:
            kept["remedy"] |= {"option": self.remedy.write_option()}
        return kept

    @staticmethod
    def from_dict(kept: Mapping[str, Any]) -> Finding:
        """From what `to_dict` gave.

        Raises: TypeError or KeyError for something else.
        """
        fields = {name: value for name, value in kept.items() if name != "told"}
        if fields.get("remedy"):
            told = {name: value for name, value in fields["remedy"].items() if name != "option"}
            fields["remedy"] = Remedy(**told)
        return Finding(**fields | {"columns": tuple(fields["columns"])})


def hand_over(receipt: Receipt, *findings: Finding) -> None:
    """Put what a step found into its receipt, from which everybody who tells it takes it.

    Args:
        receipt: of the step; its name is put into findings that name no step.
        findings: added to those that it holds already.
    """
    kept = receipt.report.setdefault(REPORT_KEY, [])
    for one in findings:
        kept.append((one if one.step else replace(one, step=receipt.step)).to_dict())


def take_back(receipt: Receipt, kind: str) -> None:
    """Take what is told of a kind out of a receipt: it holds no longer."""
    kept = receipt.report.get(REPORT_KEY, [])
    receipt.report[REPORT_KEY] = [one for one in kept if one["kind"] != kind]


def write_option(option: str, name: str, value: Any) -> str:
    r"""One argument as an option, quoted for a shell.

    >>> write_option("--load", "delimiter", "\t")
    "--load 'delimiter=\\t'"
    """
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, Mapping | list | tuple):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = _ESCAPES.get(value, str(value))
    return f"{option} {shlex.quote(f'{name}={text}')}"


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "row"), count(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
