"""A Hugging Face Dataset over one Arrow stream file, stored by a rename instead of a second
write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset

DATA_FILE = "data-00000-of-00001.arrow"
_STATE_KEYS = (
    "_fingerprint",
    "_format_columns",
    "_format_kwargs",
    "_format_type",
    "_output_all_columns",
)


class StoredDataset(Dataset):
    """A Dataset whose `save_to_disk` moves its Arrow file into place.

    `Dataset.save_to_disk` (datasets 3.2.0) rewrites all data in batches of 1,000 rows even when it
    already is one Arrow file. The folder this class writes is what `Dataset.load_from_disk` reads.
    """

    before_saved: Callable[[], None] | None = None

    def save_to_disk(self, dataset_path: Any, *args: Any, **kwargs: Any) -> None:
        """Move the Arrow file to `dataset_path` and describe it there.

        `before_saved` is called first. A dataset that was changed since it was opened (columns
        renamed, rows selected, several shards wanted) is saved the ordinary way.
        """
        if self.before_saved is not None:
            self.before_saved()
            self.before_saved = None
        source = Path(self.cache_files[0]["filename"]) if self.cache_files else None
        if source is None or not self._is_untouched(source) or (kwargs.get("num_shards") or 1) > 1:
            super().save_to_disk(dataset_path, *args, **kwargs)
            return
        target = Path(dataset_path)
        target.mkdir(parents=True, exist_ok=True)
        for stale in target.iterdir():
            stale.unlink()
        source.replace(target / DATA_FILE)
        state = {key: self.__dict__[key] for key in _STATE_KEYS}
        state["_split"] = None
        state["_data_files"] = [{"filename": DATA_FILE}]
        info = asdict(self._info)
        (target / "dataset_info.json").write_text(
            json.dumps({key: info[key] for key in sorted(info)}, indent=2), encoding="utf-8"
        )
        (target / "state.json").write_text(
            json.dumps(state, indent=2, sort_keys=True), encoding="utf-8"
        )

    def _is_untouched(self, source: Path) -> bool:
        if self._indices is not None or not source.is_file():
            return False
        with pa.OSFile(str(source)) as file, pa.ipc.open_stream(file) as stream:
            return bool(stream.schema.names == self.column_names)
