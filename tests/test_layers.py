"""Map layers: what a file's features become, who sees which layer, and what was shown when."""

import json

import numpy as np
import pyogrio.raw
import pytest
import shapely

from ioc_analytics.errors import ContractError, IngestError, LakeError
from ioc_analytics.lake.layer_file import read_layer
from ioc_analytics.lake.layers import AUDIENCES, add_layer, features, hide_layer, layers

_POINT = {"type": "Point", "coordinates": [106.77, 10.85]}
_LINE = {"type": "LineString", "coordinates": [[106.7, 10.8], [106.8, 10.9]]}
_SQUARE = {
    "type": "Polygon",
    "coordinates": [[[106.7, 10.8], [106.8, 10.8], [106.8, 10.9], [106.7, 10.8]]],
}
_BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[106.7, 10.8], [106.8, 10.9], [106.8, 10.8], [106.7, 10.9], [106.7, 10.8]]],
}


def _content(*found, **ids):
    """Return a GeoJSON text of (shape, properties) pairs."""
    listed = [
        {"type": "Feature", "geometry": shape, "properties": properties}
        | ({"id": ids["ids"][i]} if ids else {})
        for i, (shape, properties) in enumerate(found)
    ]
    return json.dumps({"type": "FeatureCollection", "features": listed}).encode()


def _file(tmp_path, *found, name="khu.geojson", **ids):
    path = tmp_path / name
    path.write_bytes(_content(*found, **ids))
    return path


_TOLD = {
    "name": "Khu công nghiệp",
    "source": "Ban quản lý",
    "date": "2021-10-01",
    "audience": "leader",
    "as_of": "2021-10-23",
}


# -- what a file's features become ----------------------------------------------------------------


def test_attributes_by_their_headers_the_others_as_json():
    properties = {"Mã": "K1", "Tên": "Khu A", "phân loại": "công nghiệp", "Số xưởng": 9, "x": None}
    rows = read_layer("x.geojson", _content((_SQUARE, properties))).rows
    [row] = rows.drop_columns(["geometry"]).to_pylist()
    assert row == {
        "feature_id": "K1",
        "name": "Khu A",
        "category": "công nghiệp",
        "properties": '{"Số xưởng": 9}',
        "_line": 1,
    }
    assert shapely.from_wkb(rows["geometry"][0].as_py()).equals(shapely.geometry.shape(_SQUARE))


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([_POINT, {"type": "MultiPoint", "coordinates": [[106.7, 10.8]]}], "point"),
        ([_LINE], "line"),
        ([_SQUARE], "polygon"),
        ([_POINT, _LINE], "mixed"),
    ],
)
def test_the_kind_of_shape_is_told(shapes, kind):
    assert read_layer("x.geojson", _content(*((s, {}) for s in shapes))).kind == kind


def test_features_without_usable_ids_are_numbered_and_keep_the_attribute():
    twice = read_layer("x.geojson", _content((_POINT, {"id": 7}), (_POINT, {"id": 7})))
    assert twice.rows["feature_id"].to_pylist() == ["1", "2"]
    assert twice.rows["properties"].to_pylist() == ['{"id": 7}'] * 2
    own = read_layer("x.geojson", _content((_POINT, {}), (_LINE, {}), ids=["a", "b"]))
    assert own.rows["feature_id"].to_pylist() == ["a", "b"]


def test_attributes_may_be_named():
    found = _content((_POINT, {"MaKhu": 7, "TenKhu": "A"}))
    columns = {"feature_id": "MaKhu", "name": "TenKhu"}
    [row] = read_layer("x.geojson", found, columns).rows.drop_columns(["geometry"]).to_pylist()
    assert (row["feature_id"], row["name"], row["properties"]) == ("7", "A", "{}")


@pytest.mark.parametrize(
    ("columns", "error", "why"),
    [
        ({"name": "TenKh"}, ContractError, "has no attribute “TenKh” .did you mean “TenKhu”"),
        ({"colour": "TenKhu"}, ContractError, "columns may name feature_id, name, category, not"),
        ({"feature_id": "TenKhu"}, IngestError, "“TenKhu” is missing or repeated .“A”."),
    ],
)
def test_attributes_that_cannot_be_what_they_are_named_are_refused(columns, error, why):
    with pytest.raises(error, match=why):
        read_layer("x.geojson", _content(*[(_POINT, {"TenKhu": "A"})] * 2), columns)


def test_invalid_shapes_are_reported_by_id_and_not_mended():
    found = [(_SQUARE, {"id": "a"}), (_BOWTIE, {"id": "b"}), (None, {"id": "c"})]
    found.append(({"type": "Point", "coordinates": [10.85, 106.77]}, {"id": "d"}))
    read = read_layer("x.geojson", _content(*found))
    assert read.rows["feature_id"].to_pylist() == ["a"]
    reasons = dict(zip(read.rejects["id"], read.rejects["reason"], strict=True))
    assert list(reasons) == ["b", "c", "d"]
    assert reasons["b"].startswith("is not a valid shape (Self-intersection")
    assert reasons["c"] == "has no shape"
    assert reasons["d"].startswith("lies outside Viet Nam")


def test_phones_and_plates_among_the_attributes_are_blacked_out():
    properties = {"Tên": "Trọ, gọi 0900 000 123", "SĐT": 900000123, "so_phong": 9, "xe": None}
    [row] = read_layer("x.geojson", _content((_POINT, properties))).rows.to_pylist()
    assert row["name"] == "Trọ, gọi [điện thoại]"
    assert json.loads(row["properties"]) == {"SĐT": "[điện thoại]", "so_phong": 9}


def test_a_file_that_is_no_map_is_refused():
    with pytest.raises(IngestError, match="x.csv is no map layer; known: .geojson, .gpkg, .shp"):
        read_layer("x.csv", b"a,b\n1,2\n")


# -- into the catalogue ---------------------------------------------------------------------------


def test_a_layer_is_listed_with_all_that_is_known_of_it(lake, tmp_path):
    style = "colour=#D73027; symbol=vuông line=nét"
    with pytest.raises(ContractError, match="line is one of solid, dashed, dotted, not “nét”"):
        add_layer(lake, _file(tmp_path, (_SQUARE, {})), style=style, **_TOLD)
    style = {"colour": "#D73027", "symbol": "vuông", "line": "solid"}
    report = add_layer(lake, _file(tmp_path, (_SQUARE, {"Tên": "A"})), style=style, **_TOLD)
    assert (report.layer_id, report.read, report.stored) == ("khu_cong_nghiep", 1, 1)
    [row] = layers(lake).to_dict("records")
    wanted = {
        "layer_id": "khu_cong_nghiep",
        "name_vi": "Khu công nghiệp",
        "source": "Ban quản lý",
        "audience": "leader",
        "colour": "#d73027",
        "symbol": "square",
        "line": "solid",
        "geometry_kind": "polygon",
        "features": 1,
        "crs_from": "WGS84",
        "operation": "none",
        "accuracy_m": 0.0,
        "file": "khu.geojson",
        "status": "listed",
        "simulated": False,
    }
    assert {k: row[k] for k in wanted} == wanted
    assert [str(row[k].date()) for k in ("date", "as_of")] == ["2021-10-01", "2021-10-23"]
    [feature] = features(lake, "khu_cong_nghiep").to_dict("records")
    assert feature["name"] == "A"
    assert shapely.from_wkb(feature["geometry"]).geom_type == "Polygon"


def test_a_layer_in_the_city_s_coordinates_says_how_it_was_converted(lake, tmp_path):
    path = tmp_path / "tro.gpkg"
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(shapely.Point(612_345, 1_195_678))], dtype=object),
        [np.array(["Dãy trọ 1"], dtype=object)],
        ["Tên"],
        geometry_type="Point",
        crs="EPSG:9210",
    )
    report = add_layer(lake, path, **_TOLD)
    assert str(report) == (
        "tro.gpkg → layer khu_cong_nghiep, as known on 2021-10-23: 1 features stored; coordinates "
        "converted from EPSG:9210 to WGS84 (VN-2000 to WGS 84 (2); within 1 m)."
    )
    [row] = layers(lake).to_dict("records")
    assert (row["crs_from"], row["operation"], row["accuracy_m"]) == (
        "EPSG:9210",
        "VN-2000 to WGS 84 (2)",
        1.0,
    )
    west, south, east, north = shapely.from_wkb(
        features(lake, row["layer_id"])["geometry"][0]
    ).bounds
    assert (106.7, 10.7) < (west, south) == (east, north) < (106.9, 10.95)


def test_refused_features_are_kept_among_the_rejects_or_refuse_the_file(lake, tmp_path):
    path = _file(tmp_path, (_SQUARE, {"id": "a"}), (_BOWTIE, {"id": "b"}))
    with pytest.raises(IngestError, match="1 of 2 features have no valid shape, the first: b is"):
        add_layer(lake, path, strict=True, **_TOLD)
    assert layers(lake).empty
    report = add_layer(lake, path, **_TOLD)
    assert (report.read, report.stored, report.rejected) == (2, 1, 1)
    assert "1 refused, the first: b is not a valid shape" in str(report)
    [reject] = lake.rejects("geography.features").to_dict("records")
    assert (reject["file"], reject["line"], reject["column"]) == ("khu.geojson", 2, "geometry")


def test_a_file_without_any_valid_shape_is_refused(lake, tmp_path):
    with pytest.raises(IngestError, match="1 of 1 features have no valid shape"):
        add_layer(lake, _file(tmp_path, (_BOWTIE, {})), **_TOLD)
    assert layers(lake).empty


def test_the_same_layer_twice_changes_nothing(lake, tmp_path):
    path = _file(tmp_path, (_SQUARE, {}))
    first = add_layer(lake, path, **_TOLD)
    state = lake.state("geography.layers"), lake.state("geography.features")
    again = add_layer(lake, path, **_TOLD)
    assert (first.already, again.already) == (False, True)
    assert str(again) == "khu.geojson: layer khu_cong_nghiep stands in the catalogue just so."
    assert (lake.state("geography.layers"), lake.state("geography.features")) == state


def test_a_newer_file_replaces_the_layer_and_the_older_one_stays_readable(lake, tmp_path):
    add_layer(lake, _file(tmp_path, (_POINT, {"id": "a"}), (_POINT, {"id": "b"})), **_TOLD)
    newer = _file(tmp_path, (_LINE, {"id": "b"}), name="moi.geojson")
    add_layer(lake, newer, **{**_TOLD, "date": "2021-11-01", "as_of": "2021-11-05"})
    assert features(lake, "khu_cong_nghiep")["feature_id"].tolist() == ["b"]
    assert layers(lake)[["file", "features"]].to_numpy().tolist() == [["moi.geojson", 1]]
    then = features(lake, "khu_cong_nghiep", as_of="2021-11-04")
    assert then["feature_id"].tolist() == ["a", "b"]
    assert layers(lake, as_of="2021-10-22").empty
    with pytest.raises(LakeError, match="None is listed"):
        features(lake, "khu_cong_nghiep", as_of="2021-10-22")


def test_an_older_file_that_arrives_late_does_not_replace_a_newer_one(lake, tmp_path):
    newer = _file(tmp_path, (_LINE, {}), name="moi.geojson")
    add_layer(lake, newer, **{**_TOLD, "as_of": "2021-11-05"})
    add_layer(lake, _file(tmp_path, (_POINT, {}), (_POINT, {})), **_TOLD)
    assert len(features(lake, "khu_cong_nghiep")) == 1
    assert len(features(lake, "khu_cong_nghiep", as_of="2021-10-23")) == 2


def test_layers_do_not_touch_one_another(lake, tmp_path):
    add_layer(lake, _file(tmp_path, (_POINT, {"id": "a"})), **_TOLD)
    other = _file(tmp_path, (_LINE, {"id": "a"}), name="cang.geojson")
    add_layer(lake, other, **{**_TOLD, "name": "Cảng"})
    assert layers(lake)["layer_id"].tolist() == ["cang", "khu_cong_nghiep"]
    kinds = [features(lake, i)["geometry"].map(shapely.from_wkb)[0].geom_type
             for i in ("cang", "khu_cong_nghiep")]  # fmt: skip
    assert kinds == ["LineString", "Point"]


# -- who sees what --------------------------------------------------------------------------------


@pytest.mark.parametrize("made_for", AUDIENCES)
def test_a_layer_is_seen_by_its_audience_and_by_those_who_see_more(lake, tmp_path, made_for):
    add_layer(lake, _file(tmp_path, (_POINT, {})), **{**_TOLD, "audience": made_for})
    sees = [len(layers(lake, audience)) == 1 for audience in AUDIENCES]
    assert sees == [AUDIENCES.index(a) >= AUDIENCES.index(made_for) for a in AUDIENCES]
    for audience, seen in zip(AUDIENCES, sees, strict=True):
        if seen:
            assert len(features(lake, "khu_cong_nghiep", audience)) == 1
        else:
            with pytest.raises(LakeError, match="No layer “khu_cong_nghiep” is listed"):
                features(lake, "khu_cong_nghiep", audience)


def test_who_says_nothing_is_a_leader_and_an_unknown_audience_is_refused(lake, tmp_path):
    add_layer(lake, _file(tmp_path, (_POINT, {})), **{**_TOLD, "audience": "Chuyên viên"})
    assert layers(lake).empty
    assert layers(lake, "analyst")["audience"].tolist() == ["analyst"]
    with pytest.raises(ContractError, match="audience is one of leader, researcher, .* not “all”"):
        layers(lake, "all")


def test_an_unlisted_layer_never_shows_but_its_past_does(lake, tmp_path):
    path = _file(tmp_path, (_POINT, {}))
    add_layer(lake, path, **_TOLD)
    hidden = hide_layer(lake, "khu_cong_nghiep", as_of="2021-11-01")
    assert hidden["status"] == "unlisted"
    assert all(layers(lake, audience).empty for audience in AUDIENCES)
    with pytest.raises(LakeError, match="No layer “khu_cong_nghiep” is listed"):
        features(lake, "khu_cong_nghiep", "admin")
    assert len(layers(lake, as_of="2021-10-31")) == 1
    with pytest.raises(LakeError, match="No layer “khu_cong_nghiep” is listed"):
        hide_layer(lake, "khu_cong_nghiep")


def test_a_hidden_layer_is_shown_again_when_it_is_added_again_on_the_same_day(lake, tmp_path):
    path = _file(tmp_path, (_POINT, {}))
    for _ in range(2):
        assert not add_layer(lake, path, **_TOLD).already
        assert len(layers(lake)) == 1
        hide_layer(lake, "khu_cong_nghiep", as_of="2021-10-23")
        assert layers(lake).empty


def test_hiding_an_unknown_layer_names_the_nearest(lake, tmp_path):
    with pytest.raises(LakeError, match="None is listed"):
        hide_layer(lake, "khu")
    add_layer(lake, _file(tmp_path, (_POINT, {})), **_TOLD)
    with pytest.raises(LakeError, match="did you mean “khu_cong_nghiep”"):
        hide_layer(lake, "khu_cong_nghiepp")


def test_simulated_layers_vanish_when_a_real_one_comes(lake, tmp_path):
    path = _file(tmp_path, (_POINT, {}))
    add_layer(lake, path, simulated=True, **{**_TOLD, "name": "Cảng"})
    assert layers(lake)[["layer_id", "simulated"]].to_numpy().tolist() == [["cang", True]]
    assert add_layer(lake, path, simulated=True, **{**_TOLD, "name": "Cảng"}).already
    add_layer(lake, path, **_TOLD)
    assert layers(lake)[["layer_id", "simulated"]].to_numpy().tolist() == [
        ["khu_cong_nghiep", False]
    ]


def test_a_simulated_layer_can_be_hidden(lake, tmp_path):
    add_layer(lake, _file(tmp_path, (_POINT, {})), simulated=True, **_TOLD)
    hide_layer(lake, "khu_cong_nghiep")
    assert layers(lake, "admin").empty


# -- descriptions that are refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"name": " "}, ContractError, "A layer needs a name"),
        ({"source": ""}, ContractError, "A layer needs a source"),
        ({"layer_id": "Khu 1"}, ContractError, "“Khu 1” cannot name a layer; use small letters"),
        ({"audience": "public"}, ContractError, "audience is one of leader"),
        ({"style": "colour=red"}, ContractError, "written #rrggbb, such as #d73027, not “red”"),
        ({"style": {"width": "2"}}, ContractError, "colour, symbol, line; “width” is not known"),
        ({"date": "2021-10-24"}, IngestError, "date 2021-10-24 lies after 2021-10-23, as_of"),
        ({"date": "hôm qua"}, IngestError, "date is a day such as 2021-10-23, not “hôm qua”"),
        ({"as_of": "2999-01-01"}, IngestError, "as_of 2999-01-01 lies in the future"),
    ],
)
def test_a_description_that_the_catalogue_does_not_know_is_refused(
    lake, tmp_path, change, error, why
):
    with pytest.raises(error, match=why):
        add_layer(lake, _file(tmp_path, (_POINT, {})), **{**_TOLD, **change})
    assert lake.tables() == []
