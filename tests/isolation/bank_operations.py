"""The operations of a bank's API: the scope of each, what to send, and how it answers."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.isolation.world import World, contract
from tests.scoring import portfolio


@dataclass(frozen=True, slots=True)
class Operation:
    """The scope it needs, what to send of a world, how it answers, which object each parameter is."""

    scope: str
    status: int = 200
    send: Any = None
    kinds: dict[str, str] = field(default_factory=dict)
    # True when an answer about own objects has their words in it.
    shows: bool = True


def _application(world: World) -> dict[str, Any]:
    return {
        "application": f"{world.canary}-A2",
        "customer": f"{world.canary}-C2",
        "model": f"card-{world.canary.lower()}",
        "inputs": {**portfolio.GOOD, "region": "south"},
    }


def new_run(world: World) -> dict[str, Any]:
    """The body that starts a training."""
    return {"model": world.ids["model"], "load": world.ids["load"], "kind": "scorecard"}


def new_batch(world: World) -> dict[str, Any]:
    """The body that starts a batch."""
    return {"model": world.ids["model"], "load": world.ids["load"]}


def _named(world: World) -> dict[str, Any]:
    return {"name": f"new-{world.canary.lower()}", "title": f"{world.canary} new"}


def _model(world: World) -> dict[str, Any]:
    return {"code": f"new-{world.canary.lower()}", "name": f"{world.canary} new"}


def _client(world: World) -> dict[str, Any]:
    return {"name": f"{world.canary} system", "scopes": ["clients:write"]}


_CLIENTS, _NARROW = "/api/v1/clients", {"client_id": "narrow"}


def _outcome(world: World) -> dict[str, Any]:
    one = {"application": f"{world.canary}-A1", "as_of": "2026-01-31", "days_past_due": 0}
    return {"outcomes": [one]}


def _erasure(world: World) -> dict[str, Any]:
    words = f"{world.canary}-C9"
    return {"customer": words, "confirm": words, "reason": f"{world.canary} asked."}


def _hold(world: World) -> dict[str, Any]:
    return {
        "scope": "person",
        "customer": f"{world.canary}-C8",
        "reason": f"{world.canary} court.",
    }


_POLICY = {"version_id": "policy"}
_READ, _TRAIN, _DECIDE = "scoring:read", "scoring:train", "scoring:decide"
_DATA, _WRITE = "datasets:read", "datasets:write"
_COMPLIANCE, _KEPT = "/api/v1/compliance", "compliance:read"
_DATASETS, _SCORING = "/api/v1/datasets", "/api/v1/scoring"
OPERATIONS = {
    f"GET {_CLIENTS}": Operation("clients:read"),
    f"POST {_CLIENTS}": Operation("clients:write", 201, _client),
    f"GET {_CLIENTS}/{{client_id}}": Operation("clients:read", kinds=_NARROW),
    f"PUT {_CLIENTS}/{{client_id}}": Operation("clients:write", 200, _client, _NARROW),
    f"POST {_CLIENTS}/{{client_id}}/secrets": Operation(
        "clients:write", 201, lambda w: {}, _NARROW, shows=False
    ),
    f"POST {_CLIENTS}/{{client_id}}/secrets/{{secret_id}}:end": Operation(
        "clients:write", kinds=_NARROW
    ),
    f"POST {_CLIENTS}/{{client_id}}/revocation": Operation("clients:write", kinds=_NARROW),
    f"GET {_DATASETS}": Operation(_DATA),
    f"POST {_DATASETS}": Operation(_WRITE, 201, _named),
    f"GET {_DATASETS}/{{dataset_id}}": Operation(_DATA),
    f"GET {_DATASETS}/{{dataset_id}}/contract": Operation(_DATA),
    f"PUT {_DATASETS}/{{dataset_id}}/contract": Operation(
        _WRITE, 200, lambda w: contract(w.canary)
    ),
    f"POST {_DATASETS}/{{dataset_id}}/contract:confirm": Operation(
        _WRITE, 200, lambda w: {}, {"dataset_id": "undecided"}
    ),
    f"GET {_DATASETS}/{{dataset_id}}/loads": Operation(_DATA),
    f"POST {_DATASETS}/{{dataset_id}}/loads": Operation(_WRITE, 202, lambda w: b"loan\n1\n"),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}": Operation(_DATA),
    f"POST {_DATASETS}/{{dataset_id}}/loads/{{load_id}}:again": Operation(_WRITE, 202),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}/quality": Operation(_DATA),
    f"GET {_DATASETS}/{{dataset_id}}/loads/{{load_id}}/quarantine": Operation(
        "datasets:quarantine"
    ),
    f"GET {_COMPLIANCE}/erasures": Operation(_KEPT),
    f"POST {_COMPLIANCE}/erasures": Operation("compliance:write", 201, _erasure),
    f"GET {_COMPLIANCE}/erasures/{{erasure_id}}": Operation(_KEPT),
    f"GET {_COMPLIANCE}/legal-holds": Operation(_KEPT),
    f"POST {_COMPLIANCE}/legal-holds": Operation("compliance:write", 201, _hold),
    f"GET {_COMPLIANCE}/legal-holds/{{hold_id}}": Operation(_KEPT),
    f"GET {_COMPLIANCE}/purges": Operation(_KEPT),
    f"GET {_COMPLIANCE}/purges/{{purge_id}}": Operation(_KEPT),
    f"GET {_COMPLIANCE}/retention": Operation(_KEPT, shows=False),
    "GET /api/v1/jobs": Operation("jobs:read"),
    "GET /api/v1/jobs/{job_id}": Operation("jobs:read"),
    "POST /api/v1/jobs/{job_id}:cancel": Operation("jobs:write", 409, shows=False),
    "POST /api/v1/jobs/{job_id}:resume": Operation("jobs:write", 409, shows=False),
    f"GET {_SCORING}/decisions": Operation(_READ),
    f"POST {_SCORING}/decisions": Operation(_DECIDE, 201, _application),
    f"POST {_SCORING}/decisions:batch": Operation(
        _DECIDE, 201, lambda w: {"applications": [_application(w)]}
    ),
    f"GET {_SCORING}/decisions/{{decision_id}}": Operation(_READ),
    f"GET {_SCORING}/decisions/{{decision_id}}/replay": Operation(_READ, shows=False),
    f"GET {_SCORING}/decisions/{{decision_id}}/outcomes": Operation(_READ, shows=False),
    f"POST {_SCORING}/outcomes": Operation("scoring:outcome", 200, _outcome, shows=False),
    f"GET {_SCORING}/models/{{model_id}}/performance": Operation(_READ),
    f"GET {_SCORING}/models": Operation(_READ),
    f"POST {_SCORING}/models": Operation(_TRAIN, 201, _model),
    f"GET {_SCORING}/models/{{model_id}}": Operation(_READ),
    f"PUT {_SCORING}/models/{{model_id}}/policy-draft": Operation(
        "scoring:policy", 400, lambda w: {"note": w.canary}, shows=False
    ),
    f"GET {_SCORING}/model-runs": Operation(_READ),
    f"POST {_SCORING}/model-runs": Operation(_TRAIN, 202, new_run),
    f"GET {_SCORING}/model-runs/{{run_id}}": Operation(_READ),
    f"GET {_SCORING}/model-versions": Operation(_READ),
    f"GET {_SCORING}/model-versions/{{version_id}}": Operation(_READ),
    f"GET {_SCORING}/model-versions/{{version_id}}/report": Operation(_READ),
    f"POST {_SCORING}/model-versions/{{version_id}}:submit": Operation(
        _TRAIN, kinds={"version_id": "draft"}
    ),
    f"GET {_SCORING}/live": Operation(_READ),
    f"GET {_SCORING}/policies": Operation(_READ),
    f"GET {_SCORING}/policies/{{version_id}}": Operation(_READ, kinds=_POLICY),
    f"POST {_SCORING}/policies:validate": Operation(
        "scoring:policy", 400, lambda w: {"note": w.canary}, shows=False
    ),
    f"GET {_SCORING}/batches": Operation(_READ),
    f"POST {_SCORING}/batches": Operation("scoring:batch", 202, new_batch),
    f"GET {_SCORING}/batches/{{batch_id}}": Operation(_READ),
    f"GET {_SCORING}/batches/{{batch_id}}/results.{{kind}}": Operation(
        "scoring:batch", shows=False
    ),
}


def filled(name: str, operation: Operation, ids: dict[str, str]) -> str:
    """The path of an operation with ids in it."""

    def fill(match: re.Match[str]) -> str:
        parameter = match[1]
        if parameter == "kind":
            return "csv"
        return ids[operation.kinds.get(parameter, parameter.removesuffix("_id"))]

    return re.sub(r"\{(\w+)\}", fill, name.partition(" ")[2])
