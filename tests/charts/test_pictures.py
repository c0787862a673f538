"""Every named picture: well-formed, named, escaped, bilingual, within its size, with its numbers."""

from __future__ import annotations

import dataclasses
import math
import re
from xml.etree import ElementTree

import pytest

from charts.area import FULL, NARROW, WIDE
from charts.picture import About, Picture, figure
from charts.pictures.bins import IvRanking, WoeBin, WoeBins
from charts.pictures.discrimination import KsCurve, RocCurves, RocSplit, ScoreDistribution
from charts.pictures.gains import GainsSplit, LiftCurve
from charts.pictures.operations import QuotaUse, UseAgainstQuota
from charts.pictures.policy import ApprovalTrade
from charts.pictures.quality import (
    ColumnCompleteness,
    LoadRows,
    LoadStrip,
    QualityHeatMap,
)
from charts.pictures.stability import PsiByFeature, PsiOverTime, PsiSeries
from tests.charts.samples import HOSTILE, empty_pictures, pictures

SVG = "{http://www.w3.org/2000/svg}"
LIMIT = 60_000


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> str:
    return "\n".join(parse(svg).itertext())


def kind(picture: Picture) -> str:
    return type(picture).__name__


@pytest.mark.parametrize("size", [WIDE, NARROW, FULL], ids=["wide", "narrow", "full"])
@pytest.mark.parametrize("lang", ["en", "zh-hans"])
@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_is_a_named_image(picture: Picture, lang: str, size: object) -> None:
    svg = picture.svg(key="one", lang=lang, size=size)
    root = parse(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, desc = root[0], root[1]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == picture.title(lang)
    assert desc.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert root.get("viewBox", "").startswith(f"0 0 {size.width} ")
    assert len(svg.encode()) < LIMIT


@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_marks_stay_inside_the_picture(picture: Picture) -> None:
    for size in (WIDE, NARROW):
        root = parse(picture.svg(key="one", size=size))
        height = float(root.get("viewBox", "").split()[3])
        for mark in root.iter(f"{SVG}rect"):
            assert float(mark.get("x", 0)) >= 0
            assert float(mark.get("x", 0)) + float(mark.get("width", 0)) <= size.width + 1
            assert 0 <= float(mark.get("y", 0)) <= height
        for mark in root.iter(f"{SVG}circle"):
            assert 0 <= float(mark.get("cx", 0)) <= size.width
            assert 0 <= float(mark.get("cy", 0)) <= height


@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_same_key_same_bytes_other_key_other_ids(picture: Picture) -> None:
    assert picture.svg(key="a") == picture.svg(key="a")
    ids = [set(re.findall(r' id="([^"]+)"', picture.svg(key=key))) for key in ("a", "b", "A!")]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    assert all(len(found) == 2 for found in ids)


@pytest.mark.parametrize("picture", pictures(HOSTILE), ids=kind)
def test_hostile_text_is_only_text(picture: Picture) -> None:
    for part in (picture.svg(key=HOSTILE), picture.table().html(), figure(picture, key="k")):
        assert "<script" not in part
        assert "\x00" not in part
        assert "\ud800" not in part
        part.encode()
    allowed = {"svg", "title", "desc", "g", "path", "rect", "circle", "text", "tspan"}
    tags = {node.tag.removeprefix(SVG) for node in parse(picture.svg(key="k")).iter()}
    assert tags <= allowed


@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_carries_no_script_and_no_inline_style(picture: Picture) -> None:
    svg = picture.svg(key="k")
    assert " style=" not in svg
    assert not re.search(r"\son[a-z]+=", svg)
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("picture", pictures("很长" * 60), ids=kind)
def test_long_names_are_cut_and_kept_in_a_title(picture: Picture) -> None:
    long = "很长" * 60
    for size in (WIDE, NARROW):
        root = parse(picture.svg(key="k", lang="zh-hans", size=size))
        drawn = [
            "".join(node.itertext()).removeprefix(node[0].text or "") if len(node) else node.text
            for node in root.iter(f"{SVG}text")
        ]
        assert not any(long in (text or "") for text in drawn)
        if long in str(picture.table(lang="zh-hans").rows):
            assert any(long in (node.text or "") for node in root.iter(f"{SVG}title"))


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
@pytest.mark.parametrize("picture", empty_pictures(), ids=kind)
def test_nothing_says_so(picture: Picture, lang: str) -> None:
    svg = picture.svg(key="k", lang=lang)
    assert ("No data" if lang == "en" else "暂无数据") in texts(svg)
    assert picture.table(lang=lang).rows == ()


@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_languages_differ_in_every_header(picture: Picture) -> None:
    english, chinese = picture.table(lang="en"), picture.table(lang="zh-hans")
    assert len(english.header) == len(chinese.header)
    assert english.header != chinese.header
    assert picture.title("en") != picture.title("zh-hans")
    with pytest.raises(ValueError, match="unknown language"):
        picture.title("de")


@pytest.mark.parametrize("picture", pictures(), ids=kind)
def test_inputs_are_frozen(picture: Picture) -> None:
    field = dataclasses.fields(picture)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(picture, field, None)


def test_roc_legend_holds_auc_and_interval() -> None:
    split = RocSplit(
        name="Test",
        false_positive=(0, 1),
        true_positive=(0, 1),
        auc=0.78712,
        auc_low=0.78,
        auc_high=0.79,
    )
    assert "Test \u00b7 AUC 0.787 [0.780, 0.790]" in texts(RocCurves(splits=(split,)).svg(key="k"))


def test_roc_of_many_points_is_thinned_but_keeps_its_ends() -> None:
    x = [i / 9_999 for i in range(10_000)]
    splits = tuple(
        RocSplit(name=n, false_positive=x, true_positive=[v**p for v in x], auc=0.7)
        for n, p in (("a", 0.3), ("b", 0.4), ("c", 0.5))
    )
    picture = RocCurves(splits=splits)
    svg = picture.svg(key="k")
    assert len(svg.encode()) < LIMIT
    assert len(picture.table().rows) == 30_000


def test_ks_marks_the_widest_gap() -> None:
    picture = KsCurve(score=(1, 2, 3), good=(0.1, 0.2, 1.0), bad=(0.2, 0.65, 1.0))
    widest = picture.widest()
    assert widest is not None
    assert widest[:3] == (2.0, 0.2, 0.65)
    assert widest[3] == pytest.approx(0.45)
    assert "KS 0.450 @ 2" in texts(picture.svg(key="k"))
    bounded = dataclasses.replace(picture, ks_low=0.41, ks_high=0.48)
    assert "KS 0.450 [0.410, 0.480] @ 2" in texts(bounded.svg(key="k"))


def test_score_shares_sum_to_one_and_ignore_what_is_no_number() -> None:
    picture = ScoreDistribution(edges=(0, 1, 2, 3), good=(1, float("nan"), 3), bad=(0, 0, 0))
    rows = picture.table().rows
    assert [row[4] for row in rows] == [0.25, pytest.approx(math.nan, nan_ok=True), 0.75]
    assert [row[5] for row in rows] == [None, None, None]
    assert "not numbers: 1" in texts(picture.svg(key="k"))


def test_lift_is_captured_over_depth() -> None:
    picture = LiftCurve(splits=(GainsSplit(name="a", depth=(0, 0.1, 1), captured=(0, 0.4, 1)),))
    assert [row[3] for row in picture.table().rows] == [None, 4.0, 1.0]


def test_psi_thresholds_colour_and_order() -> None:
    picture = PsiByFeature(features=("calm", "acts", "watched"), values=(0.0999, 0.25, 0.1))
    assert [row[0] for row in picture.table().rows] == ["acts", "watched", "calm"]
    bars = [n.get("class") for n in parse(picture.svg(key="k")).iter(f"{SVG}rect")]
    assert bars == ["ch-f-danger", "ch-f-warn", "ch-f-s1"]
    assert "watch 0.10" in texts(picture.svg(key="k"))
    assert "act 0.25" in texts(picture.svg(key="k"))


def test_psi_over_time_draws_the_six_that_moved_most() -> None:
    series = tuple(PsiSeries(name=f"f{i}", values=(i / 100, None)) for i in range(9))
    svg = PsiOverTime(periods=("a", "b"), series=series).svg(key="k")
    assert "first 6 of 9 shown" in texts(svg)
    assert "f8" in texts(svg)
    assert "f2" not in texts(svg)


def test_special_and_missing_bins_come_last_and_are_not_joined() -> None:
    bins = (
        WoeBin(label="", share=0.1, bad_rate=0.5, woe=-1.0, kind="missing"),
        WoeBin(label="-9", share=0.1, bad_rate=0.4, woe=-0.5, kind="special"),
        WoeBin(label="low", share=0.4, bad_rate=0.3, woe=-0.1, points=-4),
        WoeBin(label="high", share=0.4, bad_rate=0.1, woe=0.6, points=18),
    )
    picture = WoeBins(characteristic="x", bins=bins)
    assert [row[0] for row in picture.table().rows] == ["low", "high", "-9", ""]
    svg = picture.svg(key="k")
    line = next(n.get("d") for n in parse(svg).iter(f"{SVG}path") if n.get("stroke-width") == "2")
    assert line is not None
    assert line.count("L") == 1
    for shown in ("\u22120.10", "+0.60", "\u22124", "+18", "Missing"):
        assert shown in texts(svg)


def test_iv_marks_weak_and_suspicious() -> None:
    picture = IvRanking(features=("weak", "leak", "good"), values=(0.019, 0.51, 0.2))
    bars = [n.get("class") for n in parse(picture.svg(key="k")).iter(f"{SVG}rect")]
    assert bars == ["ch-f-danger", "ch-f-s1", "ch-f-axis"]


def test_cut_off_is_named_in_the_description() -> None:
    picture = ApprovalTrade(
        cut_off=(500, 600), approval_rate=(0.8, 0.4), bad_rate=(0.1, 0.05), current=590
    )
    desc = parse(picture.svg(key="k"))[1].text
    assert desc == "Cut-off 600, Approval rate: 40.0%, Bad rate: 5.0%"


def test_completeness_below_what_is_required_is_red() -> None:
    picture = ColumnCompleteness(
        columns=("at", "under"), completeness=(0.9, 0.899), required=(0.9, 0.9)
    )
    bars = [n.get("class") for n in parse(picture.svg(key="k")).iter(f"{SVG}rect")]
    assert bars == ["ch-f-danger", "ch-f-s1"]


def test_rows_gone_astray_are_shown_only_when_there_are_some() -> None:
    whole = LoadStrip(loads=(LoadRows(label="a", rows_in=100, loaded=93, quarantined=7),))
    assert "Unaccounted" not in texts(whole.svg(key="k"))
    holed = LoadStrip(loads=(LoadRows(label="a", rows_in=101, loaded=93, quarantined=7),))
    assert "Unaccounted: 1" in texts(holed.svg(key="k"))
    assert holed.table().rows == (("a", 101, 93, 7, 1),)


def test_quota_is_red_from_its_whole_on() -> None:
    uses = (
        QuotaUse(label="full", used=10, quota=10),
        QuotaUse(label="near", used=8, quota=10),
        QuotaUse(label="far", used=7.9, quota=10),
        QuotaUse(label="free", used=99, quota=None),
    )
    picture = UseAgainstQuota(uses=uses)
    bars = [n.get("class") for n in parse(picture.svg(key="k")).iter(f"{SVG}rect")]
    assert bars == ["ch-f-danger", "ch-f-warn", "ch-f-s1", "ch-f-s1"]
    assert picture.table().rows[-1] == ("free", 99, None, None)


def test_a_big_heat_map_is_cut_and_says_so() -> None:
    fields = tuple(f"field_{i}" for i in range(80))
    days = tuple(f"d{i}" for i in range(90))
    values = [[((i * j) % 97) / 97 for j in range(90)] for i in range(80)]
    svg = QualityHeatMap(fields=fields, columns=days, values=values).svg(key="k")
    assert len(svg.encode()) < LIMIT
    said = texts(svg)
    assert "first 30 of 80 shown" in said
    assert "latest 31 of 90 shown" in said
    assert "field_29" in said
    assert "field_30" not in said


def test_figure_has_both_sizes_table_facts_and_link() -> None:
    picture = pictures()[1]
    about = About(rows=30_000, as_of="2026-11-24", version="A v3")
    html = figure(picture, key="k", about=about, csv_url="/x.csv?a=1&b=2")
    root = parse(html)
    assert root.tag == "figure"
    assert "n = 30,000 \u00b7 as of 2026-11-24 \u00b7 model A v3" in html
    assert [n.get("class") for n in root.findall("div")] == ["ch-wide", "ch-slim", "ch-data"]
    assert root.find(".//a").get("href") == "/x.csv?a=1&b=2"
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 4
    assert len(root.findall(".//tbody/tr")) == 3
