"""The JSON of decisions, built from views; the same for a fresh answer, a repeated one and a later look."""

from typing import Any

from scoring.selectors.decisions import DecisionView, Inputs


def decision_body(view: DecisionView) -> dict[str, Any]:
    """One decision. `pd` is the shortest decimal that gives the same binary64 back."""
    return {
        "id": view.id,
        "kind": view.kind,
        "outcome": view.outcome,
        "score": view.score,
        "pd": view.pd,
        "grade": view.grade,
        "offer": view.offer,
        "reasons": [{"code": r["code"], "en": r["en"], "zh": r["zh"]} for r in view.reasons],
        "codes": list(view.codes),
        "model": {
            "code": view.model,
            "version": view.model_version,
            "version_id": view.model_version_id,
            "sha256": view.model_sha256,
            "slot": view.slot,
        },
        "policy": {
            "version": view.policy_version,
            "version_id": view.policy_version_id,
            "sha256": view.policy_sha256,
        },
        "hashes": {"input": view.input_hash, "output": view.output_hash},
        "decided_at": view.decided_at.isoformat().replace("+00:00", "Z"),
    }


def detail_body(view: DecisionView, inputs: Inputs | None) -> dict[str, Any]:
    """One decision with its trace, what stood beside the champion, and what the person sent."""
    body = decision_body(view)
    body |= {
        "hits": list(view.hits),
        "trace": list(view.trace),
        "watched": [
            {**w, "pd": None if w["pd"] is None else float.fromhex(w["pd"])} for w in view.watched
        ],
        "engine": dict(view.engine),
        "client": view.client,
        "latency_us": view.latency_us,
    }
    if inputs is not None:
        body["subject"] = {
            "erased": inputs.erased,
            "application": inputs.application,
            "customer": inputs.customer,
            "inputs": dict(inputs.inputs),
            "request": dict(inputs.request),
        }
    return body
