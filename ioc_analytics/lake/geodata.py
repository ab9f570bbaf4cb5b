"""Geographic files become rows in WGS84: GeoJSON, GeoPackage, Shapefile, plain or zipped."""

from __future__ import annotations

import codecs
import io
import json
import math
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ioc_analytics.errors import IngestError
from ioc_analytics.text import nearest

__all__ = ["GEO_ENDINGS", "GeoRows", "Placement", "pack_shapefile", "read_geodata"]

GEO_ENDINGS = (".geojson", ".gpkg", ".shp", ".zip")
_INNER = (".shp", ".gpkg", ".geojson")  # what a zip may hold
_SIDES = (".shx", ".dbf", ".prj", ".cpg")  # the files beside a .shp; the first two are needed
_MAGIC = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00"}
_MOST_FILES = 1000  # in a zip
_MOST_BYTES = 1 << 29  # of a zip's content, unpacked
_WGS84 = "EPSG:4326"
_MINISTRY = "VN-2000 to WGS 84 (2)"  # EPSG:6960, of the two sets of parameters for VN-2000
_BYTES = "ISO-8859-1"  # reads any byte as one letter
_HEADER_WIDTH = 10  # bytes of a Shapefile's header
_LETTERS = frozenset(  # of Vietnamese text; others tell of a font's own code (TCVN3, VNI)
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
)
_MARKS = frozenset("²³°–—“”‘’…·×\u00a0")


@dataclass(frozen=True, slots=True)
class Placement:
    """How a file's coordinates became longitude and latitude in WGS84.

    `crs_from` names the system that they were in ("no stated system": degrees, without a word about
    it); `operation` the published transformation used, "none" where they were taken as they stand;
    `accuracy_m` its accuracy in metres, None where nobody states one.
    """

    crs_from: str
    operation: str
    accuracy_m: float | None

    @property
    def exact(self) -> bool:
        """Whether the coordinates were taken as they stand."""
        return self.operation == "none"

    def __str__(self) -> str:
        """Return the conversion as one readable sentence."""
        if self.exact:
            unstated = self.accuracy_m is None
            return f"coordinates in {self.crs_from}, taken as {'WGS84' if unstated else 'they are'}"
        sure = "accuracy unknown" if self.accuracy_m is None else f"within {self.accuracy_m:g} m"
        return f"coordinates converted from {self.crs_from} to WGS84 ({self.operation}; {sure})"


@dataclass(frozen=True, slots=True)
class GeoRows:
    """Attributes by name, the shape of each feature (GeoJSON object or WKT) and its own id."""

    columns: dict[str, list[Any]]
    shapes: list[Any]
    ids: list[Any] | None
    placed: Placement


def read_geodata(
    name: str,
    data: bytes,
    *,
    knows_header: Callable[[str], bool] = lambda _: False,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> GeoRows:
    """Return the features of a geographic file, their coordinates in WGS84.

    Parameters
    ----------
    name : str
        The file's name; its ending says what it is.
    data : bytes
        Its content; of a plain Shapefile what `pack_shapefile` returns.
    knows_header : callable
        Tells which attributes are wanted; used to choose between several layers.
    crs : str, optional
        Coordinate system of a file that does not say its own, such as "EPSG:9210".
    layer : str, optional
        Layer of a GeoPackage, or file in a zip, where there are several.
    encoding : str, optional
        Of a Shapefile's texts. Default: what its .cpg says, else UTF-8 or Windows-1258.

    Returns
    -------
    GeoRows

    Raises
    ------
    IngestError
        Not such a file; several layers to choose from; an unsafe or too large zip; coordinates
        that are not degrees in a file without coordinate system.

    Examples
    --------
    >>> text = '{"type": "Feature", "properties": {"ten": "A"}, "geometry": {"type": "Point", %s}}'
    >>> point = text % '"coordinates": [612345.0, 1195678.0]'
    >>> file = f'{{"type": "FeatureCollection", "features": [{point}]}}'.encode()
    >>> rows = read_geodata("a.geojson", file, crs="EPSG:9210")
    >>> print(rows.placed)
    coordinates converted from EPSG:9210 to WGS84 (VN-2000 to WGS 84 (2); within 1 m)
    >>> rows.columns["ten"], rows.shapes[0][:15]
    (['A'], 'POINT (106.7791')
    """
    ending = PurePosixPath(name).suffix.lower()
    parts = {ending: data}
    if ending in (".zip", ".shp"):
        parts = _unpacked(name, data, layer)
        ending = next(e for e in _INNER if e in parts)
        layer = None if ending != ".gpkg" else layer
    if ending == ".geojson":
        return _from_geojson(name, parts[ending], crs)
    if not parts[ending].startswith(_MAGIC[ending]):
        raise IngestError(f"{name} is not a {'Shapefile' if ending == '.shp' else 'GeoPackage'}.")
    with tempfile.TemporaryDirectory() as folder:
        for side, content in parts.items():
            Path(folder, f"layer{side}").write_bytes(content)
        return _from_gdal(name, Path(folder, f"layer{ending}"), knows_header, crs, layer, encoding)


def pack_shapefile(path: Path, read: Callable[[Path], bytes]) -> bytes:
    """Return a plain Shapefile and the files beside it as one zip, the same bytes every time.

    `read` reads one file. Capital letters in endings do not matter.
    """
    beside = {p.suffix.lower(): p for p in sorted(path.parent.glob("*")) if p.stem == path.stem}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for side in (".shp", *_SIDES):
            file = path if side == ".shp" else beside.get(side)
            if file is not None:
                packed.writestr(zipfile.ZipInfo(f"{path.stem}{side}"), read(file))
    return out.getvalue()


# -- zips -----------------------------------------------------------------------------------------


def _unpacked(name: str, data: bytes, layer: str | None) -> dict[str, bytes]:
    """Return the one geographic file of a zip with what belongs to it, by ending."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise IngestError(f"{name} is not a zip file: {error}.") from error
    with packed:
        files = _safe_files(name, packed.infolist())
        chosen = _chosen(name, files, layer)
        mine = {
            PurePosixPath(path).suffix.lower(): packed.read(info)
            for path, info in files.items()
            if PurePosixPath(path).with_suffix("") == chosen.with_suffix("")
        }
    ending = chosen.suffix.lower()
    if ending != ".shp":
        return {ending: mine[ending]}
    for side in _SIDES[:2]:
        if side not in mine:
            raise IngestError(
                f"{name}: {chosen.stem}{side} is missing; a Shapefile is its .shp, .shx and .dbf "
                "together."
            )
    return {side: mine[side] for side in (".shp", *_SIDES) if side in mine}


def _safe_files(name: str, listed: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the files of a zip by path; refuse one that is too large or leaves its folder."""
    size = sum(info.file_size for info in listed)
    if len(listed) > _MOST_FILES or size > _MOST_BYTES:
        raise IngestError(
            f"{name} unpacks to {len(listed):,} files and {size / 2**20:,.0f} MB, more than "
            f"{_MOST_FILES:,} files or {_MOST_BYTES >> 20} MB; send the layer alone."
        )
    for info in listed:
        path = info.filename
        if path.startswith("/") or "\\" in path or ":" in path or ".." in path.split("/"):
            raise IngestError(f"{name} holds “{path}”, a path that leaves its folder.")
        if info.flag_bits & 1:
            raise IngestError(f"{name} is locked with a password; send it open.")
    hidden = ("__MACOSX", ".")
    return {
        info.filename: info
        for info in listed
        if not info.is_dir() and not any(p.startswith(hidden) for p in info.filename.split("/"))
    }


def _chosen(name: str, files: Mapping[str, Any], layer: str | None) -> PurePosixPath:
    """Return the path of the one geographic file in a zip."""
    found = [PurePosixPath(p) for p in files if PurePosixPath(p).suffix.lower() in _INNER]
    inside = [p for p in found if p.suffix.lower() == ".gpkg" or layer in (None, p.stem)]
    if len(inside) == 1:
        return inside[0]
    if not found:
        raise IngestError(f"{name} holds no Shapefile, GeoPackage or GeoJSON.")
    raise IngestError(_which(name, [p.stem for p in found], layer))


def _which(name: str, layers: Sequence[str], layer: str | None) -> str:
    """Say which layers there are to choose from."""
    listed = ", ".join(f"“{x}”" for x in layers)
    if layer is not None:
        return f"{name} has no layer “{layer}”{nearest(layer, layers)}; it holds {listed}."
    return f"{name} holds several layers ({listed}); name one of them, or send each as a file."


# -- GeoJSON --------------------------------------------------------------------------------------


def _from_geojson(name: str, data: bytes, crs: str | None) -> GeoRows:
    content = json.loads(data)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise IngestError(f"{name} is not a GeoJSON FeatureCollection.")
    headers = list(dict.fromkeys(key for f in features for key in f.get("properties") or {}))
    columns = {key: [(f.get("properties") or {}).get(key) for f in features] for key in headers}
    shapes = [f.get("geometry") for f in features]
    readable = [_shape(cell) for cell in shapes]
    stated = ((content.get("crs") or {}).get("properties") or {}).get("name")
    if stated is None and crs is None and _degrees(readable):
        stated = _WGS84  # what RFC 7946 says of a file that says nothing
    placed, moved = _placed(name, readable, stated, crs)
    if not placed.exact:  # a shape that cannot be read stays as it is, for its row's report
        shapes = [raw if shape is None else shape for raw, shape in zip(shapes, moved, strict=True)]
    ids = [f.get("id") for f in features]
    return GeoRows(columns, shapes, ids if any(i is not None for i in ids) else None, placed)


def _shape(cell: Any) -> Any:
    """Return the shape that a GeoJSON object describes; None where it describes none."""
    import shapely.geometry

    try:
        return shapely.geometry.shape(cell) if cell else None
    except Exception:  # shapely raises many kinds; the row's own check tells the reason
        return None


# -- GeoPackage and Shapefile ---------------------------------------------------------------------


def _from_gdal(
    name: str,
    path: Path,
    knows_header: Callable[[str], bool],
    crs: str | None,
    layer: str | None,
    encoding: str | None,
) -> GeoRows:
    import pyogrio.raw
    import shapely

    shapefile = path.suffix == ".shp"
    chosen = None if shapefile else _layer(name, path, knows_header, layer)
    about, _, shapes, fields = pyogrio.raw.read(
        path, layer=chosen, encoding=_BYTES if shapefile else None, force_2d=True
    )
    columns = {
        str(header): _cells(values) for header, values in zip(about["fields"], fields, strict=True)
    }
    if shapefile:
        columns = _decoded(name, path, columns, encoding)
    placed, moved = _placed(name, list(shapely.from_wkb(shapes)), about["crs"], crs)
    return GeoRows(columns, moved, None, placed)


def _layer(
    name: str, path: Path, knows_header: Callable[[str], bool], layer: str | None
) -> str | None:
    """Return the layer of a GeoPackage that is meant: the only one, or the one with the headers."""
    import pyogrio

    layers = [str(found) for found, kind in pyogrio.list_layers(path) if kind is not None]
    if layer is None and len(layers) > 1:
        known = [
            x for x in layers if any(map(knows_header, pyogrio.read_info(path, layer=x)["fields"]))
        ]
        layers = known if len(known) == 1 else layers
    if not layers:
        raise IngestError(f"{name} holds no layer with shapes.")
    if layer in layers or (layer is None and len(layers) == 1):
        return layer or layers[0]
    raise IngestError(_which(name, layers, layer))


def _cells(values: Any) -> list[Any]:
    """Return a column's values as Python has them; None where there is none."""
    if values.dtype.kind == "M":
        return [None if np.isnat(v) else v.astype("datetime64[us]").item() for v in values]
    return [_cell(v) for v in values.tolist()]


def _cell(value: Any) -> Any:
    """Return a number without point where it is whole: a column with gaps comes as decimals."""
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    return value


def _decoded(
    name: str, path: Path, columns: dict[str, list[Any]], encoding: str | None
) -> dict[str, list[Any]]:
    """Return the texts of a Shapefile, read byte by byte, as its encoding means them."""
    cpg = path.with_suffix(".cpg")
    stated = encoding or (cpg.read_text("ascii", "ignore").strip() if cpg.exists() else "")
    widths = _widths(path.with_suffix(".dbf").read_bytes())
    for code in [stated] if stated else ["utf-8", "cp1258"]:
        try:
            told = {
                _text(header, code, _HEADER_WIDTH): [
                    _text(c, code, width) if isinstance(c, str) else c for c in cells
                ]
                for (header, cells), width in zip(columns.items(), widths, strict=True)
            }
        except (LookupError, UnicodeDecodeError):
            continue
        if code != "cp1258" or stated or _is_vietnamese(told):
            return told
    if stated:
        raise IngestError(f"{name}: its texts are not in {stated}, as it says; name another.")
    raise IngestError(
        f"{name}: its texts are neither UTF-8 nor Windows-1258 (an old font's code, TCVN3 or "
        "VNI?); save the layer as UTF-8, or name its encoding with --encoding."
    )


def _widths(dbf: bytes) -> list[int]:
    """Return how many bytes each field of a .dbf may hold."""
    descriptors = (dbf[at : at + 32] for at in range(32, int.from_bytes(dbf[8:10], "little"), 32))
    return [d[16] for d in descriptors if d[:1] != b"\r" and len(d) == 32]


def _text(raw: str, code: str, width: int) -> str:
    """Decode a text; where it fills its field, a last letter cut in two is left out."""
    data = raw.encode(_BYTES)
    text = codecs.getincrementaldecoder(code)().decode(data, final=len(data) < width)
    return unicodedata.normalize("NFC", text)


def _is_vietnamese(columns: Mapping[str, Sequence[Any]]) -> bool:
    texts = {*columns, *(c for cells in columns.values() for c in cells if isinstance(c, str))}
    letters = set("".join(texts).lower())
    return all(c < "\x80" or c in _LETTERS or c in _MARKS for c in letters)


# -- coordinates ----------------------------------------------------------------------------------


def _placed(
    name: str, shapes: list[Any], stated: str | None, named: str | None
) -> tuple[Placement, list[Any]]:
    """Return how shapes came to WGS84, and their text there; None where there is no shape."""
    import shapely

    degrees = _degrees(shapes)
    source = _source(name, stated, named, degrees)
    if source is None or source.equals(_system(name, _WGS84), ignore_axis_order=True):
        label = "no stated system" if source is None else "WGS84"
        return Placement(label, "none", None if source is None else 0.0), _texts(shapes)
    placement, transform = _operation(source)
    moved = shapely.transform(
        np.array([None, *shapes], dtype=object)[1:],
        lambda points: np.column_stack(transform(points[:, 0], points[:, 1])),
    )
    return placement, _texts(list(moved))


def _texts(shapes: Sequence[Any]) -> list[Any]:
    import shapely

    return [None if s is None else shapely.to_wkt(s, rounding_precision=-1) for s in shapes]


def _degrees(shapes: list[Any]) -> bool:
    """Tell whether coordinates can be degrees, those of half of the shapes at least.

    A few mistyped ones are left to the check of their rows.
    """
    import shapely

    bounds = shapely.bounds([s for s in shapes if s is not None and not s.is_empty])
    return not len(bounds) or bool(np.mean(np.abs(bounds).max(axis=-1) <= 180) >= 0.5)


def _source(name: str, stated: str | None, named: str | None, degrees: bool) -> Any:
    """Return the system that a file's coordinates are in; None for degrees of no stated system."""
    own = _system(name, stated) if stated else None
    if own is not None and (own.is_engineering or own.name.startswith("Undefined")):
        own = None
    if own is not None and own.is_geographic and not degrees:
        if named is None:
            raise IngestError(
                f"{name} says that it is in {_label(own)}, but its coordinates are not degrees; "
                'name their system, for example crs="EPSG:9210" (VN-2000 / TM-3 105°45′).'
            )
        own = None
    given = _system(name, named) if named else None
    if own is not None and given is not None and not own.equals(given, ignore_axis_order=True):
        raise IngestError(
            f"{name} says that it is in {_label(own)}, not in {_label(given)}; leave crs out."
        )
    source = own if own is not None else given
    if (source is None or source.is_geographic) and not degrees:
        raise IngestError(
            f"{name} does not say its coordinate system, and its coordinates are not degrees; "
            'name it, for example crs="EPSG:9210" (VN-2000 / TM-3 105°45′).'
        )
    return source


def _system(name: str, text: str) -> Any:
    import pyproj

    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise IngestError(
            f"{name}: “{text[:60]}” is no coordinate system that is known; write it as EPSG:9210."
        ) from error


def _label(system: Any) -> str:
    """Return a system's code, such as EPSG:9210; its name where it has none."""
    known = system.to_authority(min_confidence=70)
    return ":".join(known) if known and known[0] in ("EPSG", "OGC") else str(system.name)


def _operation(source: Any) -> tuple[Placement, Callable[..., Any]]:
    """Return the best transformation to WGS84 that needs no downloaded grid."""
    import pyproj
    from pyproj.transformer import TransformerGroup

    pyproj.network.set_network_enabled(active=False)
    ways = TransformerGroup(source, _WGS84, always_xy=True).transformers
    best = min(ways, key=lambda way: _MINISTRY not in way.description)
    steps = [step.name for step in best.operations or ()]
    shifts = [s for s in steps if "axis order" not in s and not s.startswith("Inverse of")]
    accuracy = float(best.accuracy) if best.accuracy >= 0 else None
    operation = "; ".join(shifts) or "change of projection"
    return Placement(_label(source), operation, accuracy), best.transform
