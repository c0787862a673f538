"""A row alone, a row in a column and a replay say the same bits, whatever the policy reads."""

import msgspec
import numpy as np
import pytest

from scoring import services
from scoring.contracts import PolicyFormIn, PolicyIn, ReasonIn
from scoring.engine.errors import ScoreInputError
from scoring.runtime.answer import Wish, decide
from scoring.runtime.bundles import Live, bundle_for
from scoring.runtime.columns import Memory, decide_columns
from scoring.services.batch_data import readable
from scoring.services.batch_files import table_of
from tests.scoring import portfolio
from tests.scoring.conftest import OFFICER, VALIDATOR, approve_all, train_version

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Reads the application too",
    "measure": "score",
    "approve_at": 500,
    "refer_at": 480,
    "grades": [{"grade": "A", "bound": 530}, {"grade": "B"}],
    "prices": [
        {"grade": "A", "rate": "0.075", "limit_minor": 4_000_000, "term_months": 24},
        {"grade": "B", "rate": "0.11", "limit_minor": 1_500_000, "term_months": 12},
    ],
    "hard_rules": [
        {"code": "TENURE_SHORT", "field": "tenure", "operator": "<", "value": 6},
        {
            "code": "REGION_CLOSED",
            "field": "region",
            "operator": "in",
            "value": ["west"],
            "outcome": "refer",
        },
        {"code": "INCOME_LOW", "field": "income", "operator": "<", "value": 2500.5},
        {
            "code": "ON_STRIKE",
            "field": "strike",
            "operator": "==",
            "value": True,
            "on_missing": "ignore",
        },
    ],
    "inputs": [
        {"name": "tenure", "type": "integer"},
        {"name": "region", "type": "string", "nullable": True},
        {"name": "income", "nullable": True},
        {"name": "strike", "type": "boolean", "nullable": True},
    ],
}
REASONS = {
    code: ReasonIn(
        feature=field,
        en=f"The {field} given is outside what we lend on",
        zh=f"所填{field}超出放款范围",
    )
    for code, field in (
        ("TENURE_SHORT", "tenure"),
        ("REGION_CLOSED", "region"),
        ("INCOME_LOW", "income"),
        ("ON_STRIKE", "strike"),
    )
}


def columns(count: int) -> tuple[list[dict[str, object]], dict[str, np.ndarray]]:
    """The same applications as rows and as columns, with every kind of hole."""
    draw = np.random.default_rng(5)
    rows = [
        {
            "income": None if r["income"] == "" else r["income"],
            "tenure": r["tenure"],
            "debt_ratio": r["debt_ratio"],
            "region": [r["region"], None, "unheard of"][int(draw.choice(3, p=[0.8, 0.1, 0.1]))],
            "strike": [True, False, None][int(draw.integers(3))],
        }
        for r in portfolio.rows(count, seed=21)
    ]
    out: dict[str, np.ndarray] = {}
    for name in ("income", "tenure", "debt_ratio", "strike"):
        out[name] = np.array([np.nan if r[name] is None else float(r[name]) for r in rows])
    out["region"] = np.array([r["region"] for r in rows], dtype=object)
    return rows, out


@pytest.mark.parametrize("kind", ["scorecard", "boosting"])
def test_same_bits(model, load, kind):
    version = train_version(model, load, kind)
    approve_all(version)
    policy = services.save_policy_version(
        model_id=str(model.id),
        draft=PolicyIn(form=msgspec.convert(FORM, PolicyFormIn), reasons=REASONS),
        actor=OFFICER,
    )
    services.submit_policy(version_id=str(policy.id), actor=OFFICER)
    services.approve_policy(version_id=str(policy.id), actor=VALIDATOR, note="Agreed.")
    bundle = bundle_for(Live(str(version.id), str(policy.id)))
    rows, raw = columns(1200)
    memory = Memory()
    halves = [
        decide_columns(bundle, readable({k: v[a:b] for k, v in raw.items()}, list(raw)), memory)
        for a, b in ((0, 500), (500, 1200))
    ]
    tables = [table_of(h, {}, first) for h, first in zip(halves, (1, 501), strict=True)]
    found = [row for table in tables for row in table.to_pylist()]
    seen = set()
    for given, scored in zip(rows, found, strict=True):
        alone = decide(bundle, given, Wish())
        assert (alone.score, alone.pd.hex()) == (scored["score"], scored["pd"].hex())
        assert (alone.ruling.outcome, alone.ruling.grade) == (scored["outcome"], scored["grade"])
        codes = [scored[f"reason_{n}"] for n in range(1, 5) if scored[f"reason_{n}"]]
        assert [r.reason.code for r in alone.reasons] == codes
        offer = alone.ruling.offer
        assert (offer and offer.limit_minor) == scored["limit_minor"]
        assert (offer and str(offer.all_in_apr)) == scored["apr"]
        assert (offer and offer.instalment_minor) == scored["instalment_minor"]
        seen |= {alone.ruling.outcome, *codes}
    assert {"approve", "refer", "decline", *REASONS} <= seen


def test_an_absent_column_is_named(live):
    policy = live.policies.get()
    bundle = bundle_for(Live(str(live.id), str(policy.id)))
    with pytest.raises(ScoreInputError) as error:
        decide_columns(bundle, {})
    assert error.value.feature in {f.name for f in bundle.scorer.features}
