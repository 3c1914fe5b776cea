"""Tables to measure with, made the same on every machine."""

from __future__ import annotations

import csv
import random
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
HEADER = (
    "RoundID",
    "MatchID",
    "Team Initials",
    "Coach Name",
    "Line-up",
    "Shirt Number",
    "Player Name",
    "Position",
    "Event",
)
_CHUNK = 100_000


def make_players(rows: int) -> Path:
    """A CSV file of `rows` made-up World Cup players in 9 columns: 82 bytes a row, 82 MB for a
    million.

    Text is quoted, some names carry blanks at an end, shirt numbers and ids are plain digits. The
    file is made once and kept.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"players_{rows}.csv"
    if path.exists():
        return path
    draw = random.Random(1930)
    names = [_make_name(draw) for _ in range(7_663)]
    coaches = [f"{_make_name(draw).upper()} ({_make_team(draw)})" for _ in range(400)]
    teams = [_make_team(draw) for _ in range(82)]
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(HEADER)
        for start in range(0, rows, _CHUNK):
            writer.writerows(
                (
                    draw.randrange(201, 97_410_600),
                    draw.randrange(25, 300_186_515),
                    teams[row % 82],
                    coaches[row % 400],
                    "SN"[row % 2],
                    row % 23 + 1,
                    names[draw.randrange(7_663)] + (" " if row % 7 == 0 else ""),
                    ("", "GK", "C", "")[row % 4],
                    f"G{row % 90}'" if row % 5 == 0 else "",
                )
                for row in range(start, min(rows, start + _CHUNK))
            )
    partial.replace(path)
    return path


def make_names(rows: int = 37_784, distinct: int = 7_663) -> list[str]:
    """Player names with repetitions, as in the public WorldCupPlayers.csv: 37,784, of them 7,663
    distinct."""
    draw = random.Random(1930)
    names: dict[str, None] = {}
    while len(names) < distinct:
        names[_make_name(draw)] = None
    pool = list(names)
    return pool + [pool[draw.randrange(distinct)] for _ in range(rows - distinct)]


def _make_name(draw: random.Random) -> str:
    first = "".join(draw.choice(("an", "el", "io", "ma", "ro", "lu", "ke")) for _ in range(2))
    last = "".join(draw.choice("ABCDEFGHIKLMNOPRSTUVZ") for _ in range(draw.randrange(4, 10)))
    return f"{first.title()} {last}"


def _make_team(draw: random.Random) -> str:
    return "".join(draw.choice("ABCDEFGHIJKLMNOPRSTUVWXYZ") for _ in range(3))
