"""Decision policies: a documented subset of JDM (JSON Decision Model), run by the zen engine.

A policy enters through `load_policy`, which refuses everything outside the subset, is compiled
once by `compile_policy` and then decides cases with `CompiledPolicy.evaluate`:

    policy = load_policy(document)                       # or document_from_form(form)
    compiled = compile_policy(policy)
    result = compiled.evaluate({"score": 640, "age": 30})

`decide(compiled, inputs, profile=PROFILES["CN"], terms=ProductTerms("unsecured_consumer"))` adds the
offer with its all-in APR and holds the jurisdiction's hard limits.

Admitted language: `grammar.py`; what it means: `semantics.py`; limits: `limits.py`.
"""

from scoring.engine.policy.decide import PolicyDecision, ProductTerms, decide
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
    "Document",
    "ExpressionRefusedError",
    "FormMismatchError",
    "GradeBand",
    "HardRule",
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
    "RuleHit",
    "breaches",
    "canonical_json",
    "check_form",
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
