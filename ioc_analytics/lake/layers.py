"""Map layers: a catalogue of what may be shown to whom, and the features of each layer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ioc_analytics import sectors
from ioc_analytics.errors import ContractError, IngestError, LakeError
from ioc_analytics.lake.geodata import Placement
from ioc_analytics.lake.layer_file import LayerFile, read_layer
from ioc_analytics.lake.readers import read_bytes
from ioc_analytics.lake.revisions import arrow_schema
from ioc_analytics.lake.store import Store
from ioc_analytics.text import fold, nearest

__all__ = ["AUDIENCES", "LayerReport", "add_layer", "features", "hide_layer", "layers"]

AUDIENCES = ("leader", "researcher", "analyst", "investigator", "admin")  # each sees more

_CATALOGUE, _FEATURES = "geography.layers", "geography.features"
_STYLE = ("colour", "symbol", "line")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ID = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class LayerReport:
    """What became of a layer's file: `read = stored + rejected` features.

    `already` tells that the layer stands in the catalogue just so and nothing was done; `content`
    is the file as read, with `rejects` (the refused features by id, with the reason) and `placed`
    (how the coordinates came to WGS84).
    """

    layer_id: str
    file: str
    as_of: dt.date
    content: LayerFile = field(repr=False)
    already: bool = False

    @property
    def stored(self) -> int:
        """The number of features that were kept."""
        return int(self.content.rows.num_rows)

    @property
    def rejected(self) -> int:
        """The number of features that were refused."""
        return len(self.rejects)

    @property
    def read(self) -> int:
        """The number of features in the file."""
        return self.stored + self.rejected

    @property
    def rejects(self) -> pd.DataFrame:
        """The refused features: `id, line, value, reason`."""
        return self.content.rejects

    @property
    def placed(self) -> Placement:
        """How the coordinates came to WGS84."""
        return self.content.placed

    def __str__(self) -> str:
        """Return the report as readable sentences."""
        if self.already:
            return f"{self.file}: layer {self.layer_id} stands in the catalogue just so."
        text = f"{self.file} → layer {self.layer_id}, as known on {self.as_of}: {self.stored} "
        text += f"features stored; {self.placed}."
        if self.rejected:
            first = self.rejects.iloc[0]
            text += f" {self.rejected} refused, the first: {first['id']} {first['reason']}."
        return text


def add_layer(
    store: Store,
    path: str | Path,
    *,
    name: str,
    source: str,
    date: str | dt.date,
    audience: str,
    style: str | Mapping[str, str] | None = None,
    name_en: str | None = None,
    layer_id: str | None = None,
    columns: Mapping[str, str] | None = None,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    as_of: str | dt.date | None = None,
    strict: bool = False,
    simulated: bool = False,
) -> LayerReport:
    """Take a file into the catalogue of map layers and show it to an audience.

    Parameters
    ----------
    store : Store
        The lake.
    path : str or Path
        GeoJSON, GeoPackage or Shapefile (with the files beside it), also zipped.
    name, source : str
        The layer's Vietnamese name and who issued it.
    date : date or ISO text
        The day on which the data were true; not after `as_of`.
    audience : {"leader", "researcher", "analyst", "investigator", "admin"}
        Whom it is made for; those further down this list see it too.
    style : mapping or text, optional
        `colour` (#rrggbb), `symbol` (circle, square, triangle, diamond, cross, star) and `line`
        (solid, dashed, dotted); as text “colour=#d73027 symbol=square”.
    name_en : str, optional
        The English name.
    layer_id : str, optional
        Small letters, digits and _. Default from the name; a layer of that id is replaced.
    columns : mapping, optional
        Which attribute holds `feature_id`, `name` and `category`. Default: those whose header says
        so; where none does, or it is not unique, features are numbered as in the file.
    crs, layer, encoding : str, optional
        See `read_geodata`.
    as_of : date or ISO text, optional
        Day on which the city knew this; default today.
    strict : bool
        Refuse the file where one feature has no valid shape. Default: such features are left out,
        reported, and kept among the rejects.
    simulated : bool
        Marks the layer as made up.

    Returns
    -------
    LayerReport

    Raises
    ------
    IngestError
        The file cannot be read, or holds no feature that can be kept.
    ContractError
        A word of the description is not one that the catalogue knows.

    Notes
    -----
    Shapes of any kind are kept, in WGS84, without height. A replaced layer stays readable with an
    earlier `as_of`. The features are written first; what shows them is the catalogue's one row.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> point = '{"type": "Point", "coordinates": [106.77, 10.85]}'
    >>> feature = '{"type": "Feature", "properties": {"Tên": "Khu A"}, "geometry": %s}' % point
    >>> file = Path(folder.name, "khu.geojson")
    >>> text = '{"type": "FeatureCollection", "features": [%s]}' % feature
    >>> _ = file.write_text(text, encoding="utf-8")
    >>> lake = Store(f"{folder.name}/lake")
    >>> told = {"source": "Ban quản lý", "date": "2021-10-01", "as_of": "2021-10-23"}
    >>> print(add_layer(lake, file, name="Khu công nghiệp", audience="leader", **told))
    khu.geojson → layer khu_cong_nghiep, as known on 2021-10-23: 1 features stored; coordinates in \
WGS84, taken as they are.
    >>> features(lake, "khu_cong_nghiep")[["feature_id", "name"]].to_numpy().tolist()
    [['1', 'Khu A']]
    >>> folder.cleanup()
    """
    file, known_on = Path(path), _day(as_of, "as_of")
    told = _described(name, name_en, source, _day(date, "date"), audience, layer_id, style)
    if told["date"] > known_on:
        raise IngestError(f"{file.name}: its date {told['date']} lies after {known_on}, as_of.")
    data = read_bytes(file)
    read = read_layer(file.name, data, columns, crs=crs, layer=layer, encoding=encoding)
    _require_features(file.name, read, strict)
    sha256 = hashlib.sha256(data).hexdigest()
    told |= {
        "geometry_kind": read.kind,
        "features": read.rows.num_rows,
        "crs_from": read.placed.crs_from,
        "operation": read.placed.operation,
        "accuracy_m": read.placed.accuracy_m,
        "file": file.name,
        "sha256": sha256,
        "edition": _edition(sha256, crs, layer, encoding, dict(columns or {})),
        "status": "listed",
    }
    already = _entry(store, told["layer_id"], known_on, simulated) == told
    if not already:
        _write(store, told, read, known_on, simulated)
    return LayerReport(told["layer_id"], file.name, known_on, read, already)


def hide_layer(
    store: Store, layer_id: str, *, as_of: str | dt.date | None = None
) -> dict[str, Any]:
    """Take a layer off the list; it stays in the lake and can be added again.

    Parameters
    ----------
    store : Store
        The lake.
    layer_id : str
        As `layers` lists it.
    as_of : date or ISO text, optional
        The day from which it does not show; default today.

    Returns
    -------
    dict
        The layer's entry in the catalogue.

    Raises
    ------
    LakeError
        There is no such layer, or it is hidden already.
    """
    known_on = _day(as_of, "as_of")
    known = _catalogue(store, known_on)
    listed = known[known["status"] == "listed"]
    if layer_id not in set(listed["layer_id"]):
        raise LakeError(_no_layer(layer_id, listed["layer_id"]))
    simulated = bool(known.set_index("layer_id").loc[layer_id, "_simulated"])
    entry = _entry(store, layer_id, known_on, simulated)
    hidden = {**(entry or {}), "status": "unlisted"}
    _append(store, _CATALOGUE, _one_row(hidden), hidden, known_on, simulated)
    return hidden


def layers(
    store: Store, audience: str = "leader", as_of: str | dt.date | None = None
) -> pd.DataFrame:
    """Return the layers that an audience may see, as known on a day.

    Parameters
    ----------
    store : Store
        The lake.
    audience : {"leader", "researcher", "analyst", "investigator", "admin"}
        Each sees what is made for it and for those before it in this list.
    as_of : date or ISO text, optional
        Default: all that is known.

    Returns
    -------
    DataFrame
        The columns of `geography.layers`, `as_of` and `simulated`, a row for each listed layer by
        id; empty where there is none. A missing accuracy is unknown, not 0.

    Raises
    ------
    ContractError
        No such audience.
    """
    sees = AUDIENCES[: AUDIENCES.index(_audience(audience)) + 1]
    known = _catalogue(store, as_of)
    shown = known[(known["status"] == "listed") & known["audience"].isin(sees)]
    return shown.rename(columns={"_simulated": "simulated"}).reset_index(drop=True)


def features(
    store: Store,
    layer_id: str,
    audience: str = "leader",
    as_of: str | dt.date | None = None,
) -> pd.DataFrame:
    """Return the features of a listed layer, as known on a day.

    Parameters
    ----------
    store : Store
        The lake.
    layer_id : str
        As `layers` lists it.
    audience : str
        As in `layers`: a layer made for others is not found.
    as_of : date or ISO text, optional
        Default: all that is known.

    Returns
    -------
    DataFrame
        `feature_id, name, category, properties` (JSON text of the other attributes) and `geometry`
        (WKB, WGS84), by id.

    Raises
    ------
    LakeError
        No such layer is listed for that audience.
    """
    shown = layers(store, audience, as_of).set_index("layer_id")
    if layer_id not in shown.index:
        raise LakeError(_no_layer(layer_id, shown.index))
    edition = shown.loc[layer_id, "edition"]
    found = store.sql(
        "select feature_id, name, category, properties, geometry from geography.features "
        f"where layer_id = '{layer_id}' and edition = '{edition}' "
        "order by length(feature_id), feature_id",
        as_of,
    )
    found["geometry"] = found["geometry"].map(bytes)
    return found


# -- the description ------------------------------------------------------------------------------


def _described(
    name: str,
    name_en: str | None,
    source: str,
    date: dt.date,
    audience: str,
    layer_id: str | None,
    style: str | Mapping[str, str] | None,
) -> dict[str, Any]:
    """Return the catalogue's entry as far as people describe it."""
    for what, text in (("name", name), ("source", source)):
        if not text.strip():
            raise ContractError(f"A layer needs a {what}.")
    key = layer_id or fold(name).replace(" ", "_")
    if not _ID.fullmatch(key):
        raise ContractError(f"“{key}” cannot name a layer; use small letters, digits and _.")
    return {
        "layer_id": key,
        "name_vi": name.strip(),
        "name_en": name_en,
        "source": source.strip(),
        "date": date,
        "audience": _audience(audience),
        **_style(style),
    }


def _audience(text: str) -> str:
    return _one_of("audience", text)


def _one_of(column: str, text: str) -> str:
    """Return the value of a catalogue's column that a word means."""
    allowed = sectors.table(_CATALOGUE).column(column).allowed
    for value, spellings in allowed.items():
        if fold(text) in {fold(s) for s in (value, *spellings)}:
            return value
    raise ContractError(f"{column} is one of {', '.join(allowed)}, not “{text}”.")


def _style(style: str | Mapping[str, str] | None) -> dict[str, str | None]:
    """Return colour, symbol and line; None where not given."""
    if isinstance(style, str):
        pairs = [pair.partition("=") for pair in re.split(r"[,;\s]+", style.strip()) if pair]
        style = {key: value for key, _, value in pairs}
    given = {"colour" if k == "color" else k: v.strip().lower() for k, v in (style or {}).items()}
    if unknown := sorted(set(given) - set(_STYLE)):
        raise ContractError(f"A style has {', '.join(_STYLE)}; “{unknown[0]}” is not known.")
    colour = given.get("colour")
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise ContractError(f"A colour is written #rrggbb, such as #d73027, not “{colour}”.")
    drawn = {key: _one_of(key, given[key]) for key in ("symbol", "line") if key in given}
    return {"colour": colour, "symbol": drawn.get("symbol"), "line": drawn.get("line")}


def _day(day: str | dt.date | None, what: str) -> dt.date:
    today = dt.date.today()
    try:
        found = today if day is None else dt.datetime.fromisoformat(str(day)).date()
    except ValueError:
        raise IngestError(f"{what} is a day such as 2021-10-23, not “{day}”.") from None
    if found > today:
        raise IngestError(f"{what} {found} lies in the future.")
    return found


# -- the lake -------------------------------------------------------------------------------------


def _catalogue(store: Store, as_of: str | dt.date | None) -> pd.DataFrame:
    """Return the whole catalogue as known on a day, unlisted layers included."""
    table = sectors.table(_CATALOGUE)
    columns = [*(c.name for c in table.stored), "as_of", "_simulated"]
    if store.version(_CATALOGUE) is None:
        return pd.DataFrame(columns=columns)
    return store.read(_CATALOGUE, as_of, columns=columns)


def _entry(store: Store, layer_id: str, as_of: dt.date, simulated: bool) -> dict[str, Any] | None:
    """Return a layer's entry as the catalogue's columns hold it; None where there is none."""
    known = _catalogue(store, as_of)
    mine = known[(known["layer_id"] == layer_id) & (known["_simulated"] == simulated)]
    if mine.empty:
        return None
    row = mine.drop(columns=["as_of", "_simulated"]).iloc[0]
    entry = {str(k): None if pd.isna(v) else v for k, v in row.items()}
    return {**entry, "date": pd.Timestamp(row["date"]).date(), "features": int(row["features"])}


def _no_layer(layer_id: str, listed: Any) -> str:
    names = sorted(map(str, listed))
    told = f"Listed: {', '.join(names)}." if names else "None is listed."
    return f"No layer “{layer_id}” is listed{nearest(layer_id, names)}. {told}"


def _write(
    store: Store,
    entry: Mapping[str, Any],
    read: LayerFile,
    as_of: dt.date,
    simulated: bool,
) -> None:
    """Write rejects, then features, then the catalogue's row, which shows them."""
    rows, rejects = read.rows, read.rejects
    if len(rejects):
        kept = pd.DataFrame(
            {
                "ingest_id": f"{entry['layer_id']} {entry['edition']} {as_of}",
                "table": _FEATURES,
                "file": entry["file"],
                "line": rejects["line"],
                "column": "geometry",
                "value": rejects["value"],
                "reason": rejects["reason"],
                "as_of": as_of,
            }
        )
        ingest_id = str(kept["ingest_id"].iloc[0])
        store.write_rejects(ingest_id, pa.Table.from_pandas(kept, preserve_index=False))
    for column in ("edition", "layer_id"):
        rows = rows.add_column(0, column, pa.repeat(pa.scalar(entry[column]), rows.num_rows))
    _append(store, _FEATURES, rows, entry, as_of, simulated)
    _append(store, _CATALOGUE, _one_row(entry), entry, as_of, simulated)


def _require_features(file: str, read: LayerFile, strict: bool) -> None:
    if len(read.rejects) and (strict or not read.rows.num_rows):
        first, n = read.rejects.iloc[0], len(read.rejects)
        which = f"{n} of {n + read.rows.num_rows} features have no valid shape"
        raise IngestError(f"{file}: {which}, the first: {first['id']} {first['reason']}.")


def _edition(*parts: Any) -> str:
    """Return what tells one reading of a file from any other."""
    return hashlib.sha256(json.dumps(parts, default=dict).encode()).hexdigest()[:16]


def _one_row(entry: Mapping[str, Any]) -> pa.Table:
    schema = arrow_schema(sectors.table(_CATALOGUE))
    return pa.Table.from_pylist([dict(entry)], schema=schema).append_column(
        "_line", pa.array([1], pa.int64())
    )


def _append(
    store: Store,
    table: str,
    rows: pa.Table,
    entry: Mapping[str, Any],
    as_of: dt.date,
    simulated: bool,
) -> None:
    ingest_id = f"{entry['layer_id']} {entry['edition']} {as_of}"
    if table == _CATALOGUE:  # a layer may be hidden and shown again on one day
        ingest_id += f" {entry['status']} after {store.version(table)}"
    metadata = {
        "ingest_id": ingest_id,
        "file": str(entry["file"]),
        "sha256": str(entry["sha256"]),
        "as_of": as_of.isoformat(),
        "simulated": str(simulated),
        "rejected": "0",
    }
    store.append(
        sectors.table(table),
        rows.append_column("_flags", pa.nulls(rows.num_rows, pa.string())),
        as_of=as_of,
        ingest_id=ingest_id,
        metadata=metadata,
        simulated=simulated,
    )
