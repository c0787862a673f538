"""Shadows and challengers are scored and stored beside the champion, and change nothing."""

from dataclasses import replace

import pytest

from core.errors import Conflict, InvalidInput
from core.tenancy import bank_scope
from scoring import services
from tests.scoring import portfolio
from tests.scoring.conftest import (
    ANALYST,
    OFFICER,
    VALIDATOR,
    approve_all,
    train_version,
)

pytestmark = pytest.mark.django_db


def approved(version):
    services.submit_for_review(version_id=str(version.id), actor=ANALYST)
    services.approve_version(version_id=str(version.id), actor=VALIDATOR, note="Sound.")
    return version


def test_a_shadow_is_scored_and_changes_nothing(live, model, load, decide):
    before = decide(portfolio.POOR, key="k0", application="A0")
    shadow = approved(train_version(model, load, "boosting"))
    services.deploy_version(version_id=str(shadow.id), slot="shadow", actor=OFFICER)
    challenger = approved(train_version(model, load, seed=43))
    placed = services.deploy_version(
        version_id=str(challenger.id), slot="challenger", actor=OFFICER
    )
    found = decide(portfolio.POOR)
    same = ("outcome", "score", "pd", "grade", "reasons", "offer", "model_version")
    assert [getattr(found, n) for n in same] == [getattr(before, n) for n in same]
    watched = {w["slot"]: w for w in found.watched}
    assert watched["shadow"]["number"] == 2
    assert watched["challenger"]["number"] == 3
    assert 0.0 < float.fromhex(watched["shadow"]["pd"]) < 1.0
    assert services.replay_decision(decision_id=found.id, actor=OFFICER).identical
    services.withdraw_deployment(deployment_id=str(placed.id), actor=OFFICER, note="Enough seen.")
    later = decide(portfolio.POOR, key="k2", application="A2")
    assert [w["slot"] for w in later.watched] == ["shadow"]
    assert services.replay_decision(decision_id=found.id, actor=OFFICER).identical


def test_a_new_champion_decides_at_once(live, model, load, decide):
    assert decide(portfolio.POOR).model_version == 1
    second = approved(train_version(model, load, "boosting"))
    services.deploy_version(version_id=str(second.id), slot="champion", actor=OFFICER)
    assert decide(portfolio.POOR, key="k2", application="A2").model_version == 2


def test_two_models_need_a_name(live, load, decide):
    other = services.create_model(code="b-card", name="Other", actor=ANALYST)
    approve_all(train_version(other, load))
    with pytest.raises(InvalidInput) as error:
        decide(portfolio.POOR)
    assert error.value.errors[0].pointer == "/model"
    assert decide(portfolio.POOR, model="b-card").model == "b-card"


def test_without_champion_nothing_is_decided(live, decide):
    from scoring import selectors

    champion = selectors.live_at()[0]
    services.withdraw_deployment(deployment_id=champion.deployment_id, actor=OFFICER)
    with pytest.raises(Conflict) as error:
        decide(portfolio.POOR)
    assert error.value.code == "no_champion"


def test_a_champion_whose_features_have_no_words_is_refused(live, model, load):
    """The policy in force keeps its catalogue: a version that reads more needs a newer policy first."""
    from scoring.models import PolicyDeployment, ReasonCatalogue

    standing = PolicyDeployment.objects.select_related("version__catalogue").get()
    entries = dict(standing.version.catalogue.entries)
    gone = next(iter(live.inputs))["name"]
    entries = {c: e for c, e in entries.items() if e["feature"] != gone}
    poorer = ReasonCatalogue.objects.create(
        model=model,
        number=99,
        entries=entries,
        sha256="0" * 64,
        created_by="user:1",
        created_by_label="x",
    )
    from scoring.services.fitting import check_fit

    standing.version.catalogue = poorer
    with pytest.raises(Conflict) as error:
        check_fit(standing.version, live)
    assert error.value.code == "reason_missing"
    assert gone in error.value.detail


def test_a_replay_counts_in_the_currency_of_its_day(live, decide, bank):
    found = decide(portfolio.GOOD)
    assert found.offer["currency"] == "CNY"
    with bank_scope(replace(bank, currency="USD", jurisdiction="US")):
        assert services.replay_decision(decision_id=found.id, actor=OFFICER).identical
        later = decide(portfolio.GOOD, key="k2", application="A2")
    assert later.offer["currency"] == "USD"
