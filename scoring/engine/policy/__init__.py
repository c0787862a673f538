"""Decision policies: a documented subset of JDM (JSON Decision Model), run by the zen engine.

A policy enters through `load_policy`, which refuses everything outside the subset, is compiled
once by `compile_policy` and then decides cases with `CompiledPolicy.evaluate`:

    policy = load_policy(document)                       # or document_from_form(form)
    compiled = compile_policy(policy)
    result = compiled.evaluate({"score": 640, "age": 30})

`Decider(compiled, profile=PROFILES["CN"], terms=ProductTerms("unsecured_consumer"))` adds the offer
with its all-in APR and holds the jurisdiction's hard limits: `.decide(Request(inputs, amount))` for
one case, `.decide_many(requests)` for a batch, bit for bit the same. `check_tables(policy)` reports
holes and dead rows.

Admitted language: `grammar.py`; what it means: `semantics.py`; limits: `limits.py`.
"""

from scoring.engine.policy.decide import Decider, PolicyDecision, ProductTerms, Request, decide
from scoring.engine.policy.document import Document, canonical_json, policy_hash
from scoring.engine.policy.errors import (
    ExpressionRefusedError,
    FormMismatchError,
    InputRefusedError,
    PolicyError,
    PolicyFailedError,
    PolicyRefusedError,
    Problem,
)
from scoring.engine.policy.evaluate import (
    CompiledPolicy,
    compile_policy,
    evaluate,
    evaluate_many,
)
from scoring.engine.policy.fields import InputField, fields_from_schema, schema_text
from scoring.engine.policy.form import (
    GradeBand,
    HardRule,
    PolicyForm,
    Price,
    check_form,
    default_form,
)
from scoring.engine.policy.form_document import document_from_form, form_from_document
from scoring.engine.policy.gaps import DeadRow, Hole, TableReport, check_tables
from scoring.engine.policy.invariants import Breach, breaches, with_invariants
from scoring.engine.policy.limits import DEFAULT_LIMITS, Limits
from scoring.engine.policy.result import APPROVE, DECLINE, REFER, NodeStep, PolicyResult, RuleHit
from scoring.engine.policy.validate import Policy, load_policy, validate_document

__all__ = [
    "APPROVE",
    "DECLINE",
    "DEFAULT_LIMITS",
    "REFER",
    "Breach",
    "CompiledPolicy",
    "DeadRow",
    "Decider",
    "Document",
    "ExpressionRefusedError",
    "FormMismatchError",
    "GradeBand",
    "HardRule",
    "Hole",
    "InputField",
    "InputRefusedError",
    "Limits",
    "NodeStep",
    "Policy",
    "PolicyDecision",
    "PolicyError",
    "PolicyFailedError",
    "PolicyForm",
    "PolicyRefusedError",
    "PolicyResult",
    "Price",
    "Problem",
    "ProductTerms",
    "Request",
    "RuleHit",
    "TableReport",
    "breaches",
    "canonical_json",
    "check_form",
    "check_tables",
    "compile_policy",
    "decide",
    "default_form",
    "document_from_form",
    "evaluate",
    "evaluate_many",
    "fields_from_schema",
    "form_from_document",
    "load_policy",
    "policy_hash",
    "schema_text",
    "validate_document",
    "with_invariants",
]
