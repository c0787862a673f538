"""Artifacts: canonical, and refused with a typed error whatever is altered."""

import copy
import hashlib
import json
import random

import numpy as np
import pytest

from scoring.engine.artifact import canonical, model_hash, read
from scoring.engine.errors import ArtifactError
from scoring.engine.loading import load_scorer
from tests.scoring_engine.samples import probes, trained

KINDS = ["scorecard", "boosting"]


@pytest.mark.parametrize("kind", KINDS)
def test_artifact_is_canonical_json_with_its_hash(kind):
    artifact = trained(kind).artifact
    document = json.loads(artifact)
    written = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    assert written == artifact
    assert model_hash(artifact) == hashlib.sha256(artifact).hexdigest()
    assert trained(kind).model_hash == model_hash(artifact)
    assert document["kind"] == kind
    assert document["data"]["rows"] == 5000
    assert document["spec"]["seed"] == 42
    assert set(document["libraries"]) == {"lightgbm", "numba", "numpy", "python", "scipy"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_expected_hash_must_be_the_artifacts(kind):
    artifact = trained(kind).artifact
    assert load_scorer(artifact, expected_hash=model_hash(artifact)).kind == kind
    with pytest.raises(ArtifactError, match="hash"):
        load_scorer(artifact, expected_hash="0" * 64)


@pytest.mark.parametrize(
    "artifact",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema":NaN}',
        b'{"schema":1, "kind":"scorecard"}',
        b'{"kind":"scorecard","kind":"boosting","schema":1}',
        b'{"kind":"forest","schema":1}',
        b'{"kind":"scorecard","schema":2}',
        b'{"kind":"scorecard","schema":true}',
        b'{"kind":"scorecard","schema":1}',
        b'{"kind":"boosting","schema":1}',
    ],
)
def test_what_is_no_artifact_is_refused(artifact):
    with pytest.raises(ArtifactError):
        load_scorer(artifact)


def places(document: object, path: tuple = ()) -> list[tuple]:
    """Paths to every value that scoring reads, but only a few of each long list."""
    found = [path] if path else []
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in {"spec", "libraries", "data", "seed", "bins", "trend"}:
                found += places(value, (*path, key))
    elif isinstance(document, list):
        for place in range(min(3, len(document))):
            found += places(document[place], (*path, place))
    return found


ODD = [None, True, -1, 0, 2**31, 2**70, 0.5, -1e308, "", "x", [], {}, [None], [[]], "Infinity"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_altered_value_is_refused_or_still_scores(kind):
    document = json.loads(trained(kind).artifact)
    generator = random.Random(5)
    paths = places(document)
    refused = 0
    for _ in range(300):
        altered = copy.deepcopy(document)
        *parents, last = generator.choice(paths)
        holder = altered
        for key in parents:
            holder = holder[key]
        if generator.random() < 0.3:
            del holder[last]
        else:
            holder[last] = generator.choice(ODD)
        try:
            scorer = load_scorer(canonical(altered))
        except ArtifactError:
            refused += 1
            continue
        known = {feature.name for feature in scorer.features}
        if known <= set(probes()):
            batch = scorer.score_batch(probes())
            assert ((batch.pd >= 0) & (batch.pd <= 1)).all()
    assert refused > 150


@pytest.mark.parametrize("kind", KINDS)
def test_altered_bytes_are_refused_or_load(kind):
    artifact = trained(kind).artifact
    generator = random.Random(6)
    refused = 0
    for _ in range(150):
        at = generator.randrange(len(artifact))
        altered = artifact[:at] + bytes([generator.randrange(256)]) + artifact[at + 1 :]
        try:
            load_scorer(altered)
        except ArtifactError:
            refused += 1
    assert refused > 30


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
def test_what_json_cannot_hold_is_not_written(value):
    with pytest.raises(ArtifactError):
        canonical({"value": value})


def test_a_scorecards_pd_table_must_cover_its_scores_exactly():
    document = json.loads(trained("scorecard").artifact)
    document["pd"]["values"].pop()
    with pytest.raises(ArtifactError, match="exactly"):
        load_scorer(canonical(document))


def test_a_pd_may_not_rise_with_the_score():
    document = json.loads(trained("scorecard").artifact)
    document["pd"]["values"][1] = 1.0
    with pytest.raises(ArtifactError, match="rises"):
        load_scorer(canonical(document))


def test_a_reader_names_the_place():
    reader = read(canonical({"schema": 1, "inner": {"list": [1, "x"]}}))
    with pytest.raises(ArtifactError, match=r"artifact\.inner\.list must be an integer"):
        reader.child("inner").integers("list")
    with pytest.raises(ArtifactError, match=r"artifact\.nothing is missing"):
        reader.text("nothing")
    assert np.isfinite(reader.number("schema"))
