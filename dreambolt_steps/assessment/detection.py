"""Whether a classifier can tell synthetic rows from real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreambolt_steps.assessment.encode import Encoded
from dreambolt_steps.assessment.scores import Score

_FEWEST, _MOST = 20, 2_000
_FOLDS = 5


def score_detection(columns: Sequence[Encoded], seed: int) -> list[Score]:
    """The AUC of a random forest, cross-validated in five folds: 0.5 is a guess, 1 is certain.

    Of at most 2,000 rows each; text of many values is seen by its characters, words and digits. Not
    measured with fewer than 20 rows.
    """
    parts = [_build_features(columns, which) for which in ("reference", "holdout", "synthetic")]
    if min(len(part) for part in parts) < _FEWEST or not parts[0].shape[1]:
        return []
    value, held = (_measure_auc(parts[0], part, seed) for part in (parts[2], parts[1]))
    return [Score("discriminator", "AUC", None, None, value, held)]


def _measure_auc(real: np.ndarray, made: np.ndarray, seed: int) -> float:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    random = np.random.default_rng(seed)
    size = min(len(real), len(made), _MOST)
    rows = np.concatenate([random.permutation(one)[:size] for one in (real, made)])
    label = np.repeat([0, 1], size)
    forest = RandomForestClassifier(n_estimators=60, min_samples_leaf=3, random_state=seed)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    told = cross_val_predict(forest, rows, label, cv=folds, method="predict_proba")
    return float(roc_auc_score(label, told[:, 1]))


def _build_features(columns: Sequence[Encoded], which: str) -> np.ndarray:
    """A column for each number and category, three for each text; NULL is below all others."""
    built = []
    for column in columns:
        if column.family == "text":
            at = ("reference", "holdout", "synthetic").index(which)
            built.append(np.nan_to_num(column.features[at], nan=-1.0))
            continue
        part = getattr(column, which).astype(float)
        known = column.reference[~np.isnan(column.reference.astype(float))]
        below = float(known.min()) - 1 if len(known) else -1.0
        built.append(np.where(np.isnan(part), below, part)[:, None])
    rows = len(getattr(columns[0], which)) if columns else 0
    return np.hstack(built) if built else np.zeros((rows, 0))
