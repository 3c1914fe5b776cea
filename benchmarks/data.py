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


def make_wide(rows: int, columns: int = 300) -> Path:
    """A CSV file of `rows` rows in `columns` columns, by turns whole numbers (n_*), numbers with a
    fraction (x_*), dates (d_*) and words (t_*): 7.5 bytes a value. The file is made once and kept.
    """
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as pc

    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"wide_{rows}x{columns}.csv"
    if path.exists():
        return path
    draw = np.random.default_rng(1930)
    words = pa.array(["".join(chr(97 + (i * k) % 26) for k in (1, 3, 5, 7, 11)) for i in range(99)])
    partial = path.with_suffix(".partial")
    writer = None
    for start in range(0, rows, _CHUNK // 10):
        size = min(rows - start, _CHUNK // 10)
        made: dict[str, pa.Array] = {}
        for column in range(columns):
            name = f"{'nxdt'[column % 4]}_{column}"
            numbers = draw.integers(0, 10_000_000, size)
            if name[0] == "x":
                made[name] = pa.array(numbers / 1_000)
            elif name[0] == "d":
                made[name] = pa.array((numbers % 20_000).astype("datetime64[D]"))
            else:
                made[name] = words.take(pa.array(numbers % 99)) if name[0] == "t" else numbers
        table = pa.table(made)
        writer = writer or pc.CSVWriter(str(partial), table.schema)
        writer.write(table)
    if writer:
        writer.close()
    partial.replace(path)
    return path


def split_table(path: Path, files: int) -> str:
    """The rows of a CSV file in a folder of `files` files of the same size; made once and kept.

    Returns: a glob of the files.
    """
    folder = path.with_name(f"{path.stem}_in_{files}")
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        partial.mkdir(exist_ok=True)
        with path.open("rb") as source:
            header = source.readline()
            rows = sum(1 for _ in source)
            source.seek(len(header))
            for number in range(files):
                with (partial / f"part_{number:05}.csv").open("wb") as part:
                    part.write(header)
                    share = rows * (number + 1) // files - rows * number // files
                    part.writelines(source.readline() for _ in range(share))
        partial.rename(folder)
    return str(folder / "*.csv")


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
