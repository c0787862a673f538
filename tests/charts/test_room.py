"""Too much data and too long names: a picture keeps its size and its borders."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import pytest

from charts.area import FULL, NARROW, WIDE
from charts.lettering import width
from charts.picture import Picture
from charts.pictures.bins import WoeBin, WoeBins
from charts.pictures.calibration import CalibrationCurve, CalibrationGroup, CalibrationSplit
from charts.pictures.discrimination import KsCurve, RocCurves, RocSplit, ScoreDistribution
from charts.pictures.policy import ApprovalTrade
from charts.pictures.quality import (
    ValueHistogram,
)
from charts.pictures.stability import PsiOverTime, PsiSeries, Vintage, VintageCurves
from tests.charts.samples import pictures

SVG = "{http://www.w3.org/2000/svg}"
LIMIT = 60_000


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def kind(picture: Picture) -> str:
    return type(picture).__name__


def crowded() -> list[Picture]:
    """Pictures with far more than anybody should put into one."""
    rng = random.Random(7)
    long = [i / 9_999 for i in range(10_000)]
    share = [rng.random() for _ in range(60)]
    groups = tuple(
        CalibrationGroup(
            label=str(i), predicted=i / 100, observed=i / 100, low=0.0, high=1.0, rows=9
        )
        for i in range(100)
    )
    return [
        PsiOverTime(
            periods=tuple(f"2021-{i}" for i in range(60)),
            series=tuple(PsiSeries(name=f"feature number {i}", values=share) for i in range(20)),
        ),
        VintageCurves(
            vintages=tuple(
                Vintage(name=f"2024-{i:02d}", months=range(60), bad_rate=share) for i in range(24)
            )
        ),
        RocCurves(
            splits=tuple(
                RocSplit(
                    name=f"split {i}",
                    false_positive=long,
                    true_positive=[v ** (0.3 + i / 20) for v in long],
                    auc=0.7,
                    auc_low=0.6,
                    auc_high=0.8,
                )
                for i in range(5)
            )
        ),
        KsCurve(score=long, good=[v**2 for v in long], bad=long),
        ScoreDistribution(edges=range(1001), good=(share * 17)[:1000], bad=(share * 17)[:1000]),
        ApprovalTrade(cut_off=long, approval_rate=long, bad_rate=long, low=long, high=long),
        WoeBins(
            characteristic="x",
            bins=tuple(
                WoeBin(label=f"[{i}, {i + 1})", share=0.03, bad_rate=0.2, woe=1.0, points=i, rows=9)
                for i in range(40)
            ),
        ),
        CalibrationCurve(splits=tuple(CalibrationSplit(name=n, groups=groups) for n in "abcd")),
        ValueHistogram(column="x", edges=range(501), counts=[i % 97 for i in range(500)]),
    ]


@pytest.mark.parametrize("picture", crowded(), ids=kind)
def test_a_crowded_picture_keeps_its_size(picture: Picture) -> None:
    for size in (WIDE, NARROW, FULL):
        svg = picture.svg(key="k", lang="zh-hans", size=size)
        parse(svg)
        assert len(svg.encode()) < LIMIT


def test_all_text_fits_the_width() -> None:
    """Estimated: no text starts left of the picture or ends right of it."""
    for picture in (*pictures(), *pictures("很长的名字" * 9)):
        for size in (WIDE, NARROW):
            for node in parse(picture.svg(key="k", lang="zh-hans", size=size)).iter(f"{SVG}text"):
                if node.get("x") is None or node.get("transform"):
                    continue
                shown = (node[-1].tail if len(node) else node.text) or ""
                wide = width(shown, float(node.get("font-size", 12)))
                left = float(node.get("x", 0))
                left -= {"end": wide, "middle": wide / 2}.get(node.get("text-anchor", ""), 0.0)
                assert left >= -3, (kind(picture), shown)
                assert left + wide <= size.width + 6, (kind(picture), shown)
