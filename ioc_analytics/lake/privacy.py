"""What tells of a person stays at the door: pseudonyms, redacted text, no secret rows."""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import CommitProperties, Transaction

from ioc_analytics.contracts import Column, Table
from ioc_analytics.errors import LakeError
from ioc_analytics.lake.cells import parse_cells
from ioc_analytics.lake.checks import Problem
from ioc_analytics.lake.delta import ATTEMPTS, DeltaFolder
from ioc_analytics.lake.readers import Raw
from ioc_analytics.lake.redaction import redact, redact_column
from ioc_analytics.text import fold

__all__ = ["hide_problems", "key_file", "needs_care", "protect", "secret_rows"]

_HIDDEN = "(ẩn)"
_IS_SECRET = "is marked secret; nothing of such a row is kept"
_IS_UNCLEAR = "does not say whether the row is secret; a row is taken in only where it does"
_SECRECY = {"do mat", "muc do mat", "do bao mat", "muc mat"}  # headers, folded
_MARK = re.compile(r"(?<!khong )\bmat\b")  # Mật, Tối mật, Tuyệt mật; folded
_BYTES = 32
_LENGTH = 20  # base32 letters of a pseudonym: 100 bits
_NOTED = "pseudonym-key"


def key_file() -> Path:
    """Return where the pseudonym key lies: IOC_KEY_FILE, else a folder of the user's settings.

    Examples
    --------
    >>> key_file().name.endswith(".key") or "IOC_KEY_FILE" in os.environ
    True
    """
    if named := os.environ.get("IOC_KEY_FILE"):
        return Path(named).expanduser()
    settings = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(settings).expanduser() / "ioc-analytics" / "pseudonym.key"


def protect(store: DeltaFolder, table: Table, rows: pa.Table) -> pa.Table:
    """Replace what a table's contract marks as telling of persons.

    Parameters
    ----------
    store : DeltaFolder
        The lake; it remembers which key it was written with.
    table : Table
        The contract: columns marked "pseudonym" get codes, those marked "redact" labels.
    rows : pyarrow.Table
        Typed rows.

    Returns
    -------
    pyarrow.Table
        The same rows. A code is `p-` and 20 letters or digits: the keyed digest (HMAC-SHA256) of
        the value without case and spaces, so that one person has one code in all tables. Missing
        stays missing. Columns marked "drop" are untouched; they are not part of what is stored.

    Raises
    ------
    LakeError
        The key is missing although the lake holds pseudonyms, is another one than the lake was
        written with, can be read by others, lies inside the lake, or is not a key.
    """
    key = None
    for column in table.columns:
        cells = rows[column.name]
        if column.personal == "pseudonym" and cells.null_count < len(cells):
            key = key or _lake_key(store)
            changed = _pseudonyms(cells, key)
        elif column.personal == "redact" and column.kind == "text":
            changed = redact_column(cells)
        else:
            continue
        rows = rows.set_column(rows.schema.get_field_index(column.name), column.name, changed)
    return rows


def secret_rows(
    columns: Mapping[str, tuple[Column | None, Raw]],
) -> dict[int, tuple[str, str]]:
    """Find the rows that are secret, or do not say clearly that they are not.

    Parameters
    ----------
    columns : mapping
        Header -> its column in the contract (None where the table has none) and its raw cells.

    Returns
    -------
    dict
        Row -> column and reason. A column “Độ mật” that the contract does not know is heeded too:
        by it a row is refused only where it is marked secret.

    Examples
    --------
    >>> level = Column("secrecy", "text", "Độ mật", allowed={"none": ("Thường",)}, secret=("Mật",))
    >>> found = secret_rows({"Độ mật": (level, ["thường", "MẬT", ""])})
    >>> [(row, why) for row, (_, why) in sorted(found.items())][0]
    (1, 'is marked secret; nothing of such a row is kept')
    """
    found: dict[int, tuple[str, str]] = {}
    for header, (column, cells) in columns.items():
        if column is not None and column.secret:
            name, reasons = column.name, _declared(column, cells)
        elif column is None and fold(header) in _SECRECY:
            name, reasons = header, _marked(cells)
        else:
            continue
        for row, why in reasons.items():
            found.setdefault(row, (name, why))
    return found


def needs_care(table: Table, headers: Iterable[str] = ()) -> bool:
    """Tell whether rows of a file may hold what a lake must not keep, persons or secrets."""
    marked = any(fold(header) in _SECRECY for header in headers)
    return marked or table.persons or any(column.secret for column in table.columns)


def hide_problems(
    table: Table,
    problems: Sequence[Problem],
    secret: Mapping[int, tuple[str, str]],
    lines: Sequence[int],
    *,
    careful: bool,
) -> list[Problem]:
    """Return the problems without the values that a lake may not keep.

    Parameters
    ----------
    table : Table
        The contract.
    problems : sequence of Problem
        All that is wrong with the file's rows.
    secret : mapping
        From `secret_rows`; of such a row nothing but line, column and reason is told.
    lines : sequence of int
        The line of each row.
    careful : bool
        From `needs_care`.

    Returns
    -------
    list of Problem
        Where care is needed, values of personal columns and lines that could not be split read
        “(ẩn)”, and all other values are redacted.
    """
    closed = {c.name for c in table.columns if c.personal or c.secret}
    told = [p for p in problems if p.row is None or p.row not in secret]
    if careful:
        told = [
            replace(p, value=_HIDDEN if p.column in closed | {""} else redact(p.value))
            if p.value
            else p
            for p in told
        ]
    return told + [
        Problem(row, int(lines[row]), column, "", why) for row, (column, why) in secret.items()
    ]


# -- secrecy --------------------------------------------------------------------------------------


def _declared(column: Column, cells: Raw) -> dict[int, str]:
    """Read a column that says how secret a row is; what it does not say clearly is not guessed."""
    marks = {word: () for word in column.secret if word not in column.allowed}
    known = Column(column.name, "text", column.vi, allowed={**column.allowed, **marks})
    values = parse_cells(known if column.allowed else Column("_", "text", ""), cells).values  # noqa: PD011
    encoded = values.dictionary_encode(null_encoding="encode")
    closed = {fold(word) for word in column.secret}
    verdicts = []
    for value in encoded.dictionary.to_pylist():
        if value is None:
            verdicts.append(_IS_UNCLEAR)
        elif fold(value) in closed or (not column.allowed and _MARK.search(fold(value))):
            verdicts.append(_IS_SECRET)
        else:
            verdicts.append("")
    return _by_row(encoded, verdicts)


def _marked(cells: Raw) -> dict[int, str]:
    """Find the rows that a column of any wording marks as secret."""
    values = parse_cells(Column("_", "text", ""), cells).values  # noqa: PD011
    encoded = values.dictionary_encode(null_encoding="encode")
    words = encoded.dictionary.to_pylist()
    return _by_row(encoded, [_IS_SECRET if w and _MARK.search(fold(w)) else "" for w in words])


def _by_row(encoded: pa.DictionaryArray, verdicts: list[str]) -> dict[int, str]:
    codes = encoded.indices.to_numpy()
    wrong = [code for code, why in enumerate(verdicts) if why]
    return {int(i): verdicts[codes[i]] for i in np.flatnonzero(np.isin(codes, wrong))}


# -- pseudonyms -----------------------------------------------------------------------------------


def _pseudonyms(cells: pa.ChunkedArray, key: bytes) -> pa.ChunkedArray:
    encoded = cells.combine_chunks().dictionary_encode()
    codes = [_pseudonym(str(value), key) for value in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(codes, pa.string()).take(encoded.indices)])


def _pseudonym(value: str, key: bytes) -> str:
    """Return the code of a value; how it is spaced and cased does not matter."""
    plain = "".join(unicodedata.normalize("NFC", value).casefold().split())
    digest = hmac.digest(key, unicodedata.normalize("NFC", plain).encode(), "sha256")
    return f"p-{base64.b32encode(digest)[:_LENGTH].decode().lower()}"


def _lake_key(store: DeltaFolder) -> bytes:
    """Return the key that a lake is written with; the first ingest that needs it makes one."""
    file = key_file()
    _require_outside(file, store)
    known = _noted(store)
    if not file.exists():
        if known is not None:
            raise LakeError(
                f"The pseudonym key {file} is missing, and {store.path} holds pseudonyms made with "
                "it; put the key file back there, or name its place in IOC_KEY_FILE."
            )
        _create(file)
    key = _read(file)
    mark = hmac.digest(key, b"ioc-analytics: which key is this", "sha256")[:8].hex()
    known = known or _note(store, mark)
    if known != mark:
        raise LakeError(
            f"The pseudonym key {file} is not the one that {store.path} was written with; one "
            "person would get two codes. Name the right key file in IOC_KEY_FILE."
        )
    return key


def _require_outside(file: Path, store: DeltaFolder) -> None:
    if "://" not in store.path and file.resolve().is_relative_to(Path(store.path).resolve()):
        raise LakeError(
            f"The pseudonym key {file} lies inside the lake {store.path}; whoever copies the lake "
            "would copy the key. Name a place outside in IOC_KEY_FILE."
        )


def _create(file: Path) -> None:
    """Make a key that only its owner can read; of two processes that do, one wins."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(_BYTES) + "\n")
        try:
            os.link(new, file)  # fails where the file is there, so a key is never replaced
        except FileExistsError:
            pass
        finally:
            new.unlink()
    except OSError as error:
        raise LakeError(
            f"The pseudonym key {file} cannot be made ({error.strerror or error}); name a place "
            "that can be written in IOC_KEY_FILE."
        ) from error


def _read(file: Path) -> bytes:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            raise LakeError(
                f"The pseudonym key {file} can be read by others (mode {mode:03o}); "
                f"run: chmod 600 {file}"
            )
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError as error:
        reason = error.strerror or error
        raise LakeError(f"The pseudonym key {file} cannot be read: {reason}.") from error
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise LakeError(
            f"{file} does not hold a pseudonym key ({2 * _BYTES} hexadecimal digits); put the "
            "right file there, or name its place in IOC_KEY_FILE."
        )
    return key


def _noted(store: DeltaFolder) -> str | None:
    """Return the mark of the key that the lake was written with, or None."""
    delta = store._open("privacy")
    if delta is None or delta.transaction_version(_NOTED) is None:
        return None
    return str(delta.to_pyarrow_table()["key"][0].as_py())


def _note(store: DeltaFolder, mark: str) -> str:
    """Let the lake remember a key by its mark; return the mark that another writer noted first."""
    row = pa.table({"key": [mark]})
    for _ in range(ATTEMPTS):
        if (known := _noted(store)) is not None:
            return known
        commit = CommitProperties(app_transactions=[Transaction(_NOTED, 1)])
        if store._commit(store._made("privacy", row.schema), row, commit):
            return mark
    raise LakeError("The pseudonym key could not be noted: other ingests kept committing first.")
