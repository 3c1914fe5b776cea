"""An assessment in words: notes for a reader, and what to look at."""

from __future__ import annotations

from dreambolt_steps.assessment.assess import Assessment

_NAMES = {
    "columns": "columns",
    "pairs": "pairs",
    "coverage": "coverage",
    "discriminator": "hard to tell apart",
}
_SPLIT = 0.8
_COPIED = 0.01
_NEAR = 0.5
ENOUGH_ROWS = 25  # of each side that is compared: of fewer, any two samples look alike


def describe_assessment(found: Assessment) -> list[str]:
    """What was compared and found; the first note says what the quality is made of."""
    quality = found.quality
    parts = ", ".join(f"{_NAMES[name]} {100 * part:.0f}" for name, part in quality.parts.items())
    first = f"likeness {100 * quality.likeness:.0f}" + (f" ({parts})" if parts else "")
    rows = found.synthetic_rows
    first += f", {quality.lawful:.1%} of {rows:,} rows keep the rules, {quality.fresh:.1%} are new"
    reference, held, made = found.compared
    notes = [
        first,
        f"{made:,} synthetic rows compared with {reference:,} real ones, {held:,} held back",
    ]
    notes += [f"${one.value:.6f} per accepted row" for one in found.scores if one.part == "cost"]
    if found.left_out:
        notes.append(f"not compared: {'; '.join(found.left_out)}")
    return notes


def explain_doubt(found: Assessment) -> str:
    """Why the score says little; "" where enough rows were compared."""
    reference, held, made = found.compared
    if min(reference, held, made) >= ENOUGH_ROWS:
        return ""
    return (
        f"too few rows to tell: {made:,} synthetic rows were compared with {reference:,} real ones "
        f"and {held:,} held back, and of less than {ENOUGH_ROWS} any look alike"
    )


def list_warnings(found: Assessment) -> list[str]:
    """What a reader should look at."""
    told = []
    scores = {(one.measure, one.column): one for one in found.scores}
    auc = scores.get(("AUC", None))
    if auc is not None and auc.value >= _SPLIT:
        told.append(f"a classifier tells synthetic rows from real ones (AUC {auc.value:.2f})")
    same = scores.get(("identical match share", None))
    if same is not None and same.value > (same.holdout or 0.0) + _COPIED:
        told.append(
            f"{same.value:.1%} of the synthetic rows are equal to a real one; of real rows "
            f"{same.holdout or 0.0:.1%} are equal to another"
        )
    near = scores.get(("distance to closest record, median", None))
    if near is not None and near.holdout and near.value < _NEAR * near.holdout:
        told.append(
            f"synthetic rows are nearer to real ones ({near.value:.3f}) than real rows are to each "
            f"other ({near.holdout:.3f})"
        )
    broken = [one for one in found.scores if one.part == "rules" and one.value]
    for one in sorted(broken, key=lambda one: -one.value)[:3]:
        place = f"{one.column}: " if one.column else ""
        told.append(f"{one.value:.1%} of the synthetic rows break a rule: {place}{one.measure}")
    return told
