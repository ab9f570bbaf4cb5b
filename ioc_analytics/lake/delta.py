"""A folder of Delta tables: opened, made once, appended to or replaced in one commit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from ioc_analytics.errors import LakeError

__all__ = ["ATTEMPTS", "DeltaFolder"]

# Every version stays readable: neither the log nor replaced files expire by themselves.
_KEEP = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
ATTEMPTS = 20  # how often a commit is tried while other writers come first
_GROUP = 1 << 14  # rows of a mart that are read together, so that a part of it is read fast
_BATCH = 1 << 16  # rows handed to the writer at once; it holds a copy of each batch


class DeltaFolder:
    """Delta tables below a folder (or an object-store address), and the marts among them.

    Parameters
    ----------
    path : str or Path
        Created on the first write.
    storage_options : mapping, optional
        Handed to Delta Lake for object stores.
    """

    def __init__(self, path: str | Path, storage_options: Mapping[str, str] | None = None) -> None:
        self.path = str(path).rstrip("/")
        if not self.path:
            raise LakeError("The lake needs a folder; its name is empty.")
        if os.path.exists(self.path) and not os.path.isdir(self.path):
            raise LakeError(f"The lake {self.path} is a file; it must be a folder.")
        self._options = dict(storage_options) if storage_options else None

    def __repr__(self) -> str:
        """Name the lake's place."""
        return f"{type(self).__name__}({self.path!r})"

    def _place(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _open(self, name: str) -> DeltaTable | None:
        place = self._place(name)
        if "://" not in place and not os.path.isdir(f"{place}/_delta_log"):
            return None
        try:
            return DeltaTable(place, storage_options=self._options)
        except TableNotFoundError:  # a folder whose first commit was never finished
            return None

    def _made(self, name: str, schema: pa.Schema, partition_by: Sequence[str] = ()) -> DeltaTable:
        """Open a table, making it first where it is not there.

        Two writers may both make it: the second making changes nothing. Rows are only ever written
        to a table that was opened, for only then does a commit notice those that came before it.
        """
        delta = self._open(name)
        if delta is None:
            DeltaTable.create(
                self._place(name),
                schema,
                mode="ignore",
                partition_by=list(partition_by),
                configuration=_KEEP,
                storage_options=self._options,
            )
            delta = DeltaTable(self._place(name), storage_options=self._options)
        return delta

    def _commit(self, delta: DeltaTable, data: pa.Table, commit: CommitProperties) -> bool:
        """Append in one commit; False when another writer came first."""
        batches = data.to_reader(max_chunksize=_BATCH)
        try:
            write_deltalake(
                delta, batches, mode="append", schema_mode="merge", commit_properties=commit
            )
        except CommitFailedError:
            return False
        except DeltaError as error:
            raise LakeError(f"{delta.table_uri} could not be written: {error}") from error
        return True

    # -- marts ----------------------------------------------------------------------------------

    def write_mart(self, name: str, rows: pa.Table, metadata: Mapping[str, str]) -> None:
        """Replace a mart in one commit; earlier versions stay readable.

        Raises
        ------
        LakeError
            Other builds of the same mart kept committing first.
        """
        for _ in range(ATTEMPTS):
            try:
                write_deltalake(
                    self._place(f"marts/{name}"),
                    rows,
                    mode="overwrite",
                    schema_mode="overwrite",
                    configuration=_KEEP,
                    storage_options=self._options,
                    writer_properties=WriterProperties(max_row_group_size=_GROUP),
                    commit_properties=CommitProperties(custom_metadata=dict(metadata)),
                )
            except CommitFailedError:  # another build was faster; ours replaces it
                continue
            return
        raise LakeError(f"The mart “{name}” could not be written: other builds run; try again.")

    def mart(self, name: str, where: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Return a mart that `ioc build` computed; a `LakeError` says when it was not built.

        `where` keeps the rows in which each column named has the value given.
        """
        delta = self._open(f"marts/{name}")
        if delta is None:
            raise LakeError(f"The mart “{name}” was not built yet; run: ioc build")
        wanted = [pc.field(column) == value for column, value in (where or {}).items()]
        rows = delta.to_pyarrow_dataset()
        return rows.to_table(filter=reduce(and_, wanted) if wanted else None).to_pandas()

    def mart_metadata(self, name: str) -> dict[str, Any] | None:
        """Return what the newest build of a mart recorded about itself, or None."""
        delta = self._open(f"marts/{name}")
        return delta.history(1)[0] if delta else None
