"""Editing and confirming what a dataset's files must look like."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.db import transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.clock import now
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from datasets import contracts, permissions
from datasets.contracts import BadContract, DataContract
from datasets.models import DataContractVersion, Dataset, DatasetLoad
from datasets.services.contract_checks import confirmation_faults, structure_faults
from datasets.services.lock_objects import locked_dataset, locked_draft
from datasets.services.starting import start_intake
from datasets.services.stored_json import storable
from datasets.states import ContractState, LoadState


def parse_contract(body: Mapping[str, Any] | bytes | str) -> DataContract:
    """A contract from JSON or from decoded JSON. Raises `InvalidInput` with a pointer to each fault."""
    try:
        if isinstance(body, bytes | str):
            return contracts.contract_from_json(body)
        return msgspec.convert(body, type=DataContract)
    except BadContract as error:
        raise refusal(error) from error
    except (msgspec.ValidationError, RecursionError) as error:
        raise refusal(BadContract(str(error))) from error


def refusal(error: BadContract) -> InvalidInput:
    """The engine's fault list as the platform's error."""
    faults = [FieldError(f.pointer, f.code, f.detail) for f in error.errors]
    return InvalidInput(
        error.detail, code="invalid_contract", errors=faults or [_located(error.detail)]
    )


def _located(detail: str) -> FieldError:
    """msgspec says the place as "… - at `$.columns[3].min`": the same as a JSON pointer."""
    _, _, path = detail.rpartition(" - at `$")
    steps = path.rstrip("`").replace("[...]", "").replace("[", ".").replace("]", "").split(".")
    pointer = "".join(f"/{step}" for step in steps if step) if path != detail else ""
    return FieldError(pointer, "invalid_contract", detail)


def contract_faults(contract: DataContract) -> list[FieldError]:
    """All that stands between a contract and its confirmation."""
    return [*structure_faults(contract), *confirmation_faults(contract)]


@transaction.atomic
def update_contract(
    *,
    dataset_id: str,
    body: Mapping[str, Any] | bytes | str | DataContract,
    actor: Actor,
    expected_sha256: str = "",
) -> DataContractVersion:
    """Replace the dataset's draft, or begin one where the newest version is confirmed or there is none.

    A draft may be unfinished (no target yet) but not contradict itself. `expected_sha256` is that of the newest
    version the person saw; another one raises `Conflict`. Raises `InvalidInput`.
    """
    policies.require(actor, permissions.CHANGE_CONTRACT)
    contract = body if isinstance(body, DataContract) else parse_contract(body)
    _refuse(structure_faults(contract), "The contract contradicts itself.")
    dataset = locked_dataset(dataset_id)
    newest = dataset.contracts.order_by("-version").first()
    if expected_sha256 and newest is not None and newest.body_sha256 != expected_sha256:
        raise Conflict("The contract was changed in the meantime.", code="contract_changed")
    draft = put_draft(dataset=dataset, contract=contract, by=str(actor))
    record(
        actor=actor, action="datasets.contract.change", target="dataset", target_id=dataset_id,
        detail={"version": draft.version, "sha256": draft.body_sha256},
    )  # fmt: skip
    return draft


def put_draft(
    *,
    dataset: Dataset,
    contract: DataContract,
    by: str,
    findings: Iterable[contracts.Finding] | None = None,
    load: DatasetLoad | None = None,
) -> DataContractVersion:
    """Store the draft of a locked dataset, with the version's number written into its body."""
    draft = locked_draft(str(dataset.id))
    if draft is None:
        newest = dataset.contracts.order_by("-version").first()
        draft = DataContractVersion(
            dataset=dataset,
            version=newest.version + 1 if newest else 1,
            inferred_from=newest.inferred_from if newest else None,
            findings=newest.findings if newest else [],
            created_by=by,
        )
    text = contracts.to_json(
        msgspec.structs.replace(contract, version=draft.version, name=dataset.name)
    ).decode()
    draft.body, draft.body_sha256 = text, hashlib.sha256(text.encode()).hexdigest()
    if findings is not None:
        draft.findings = storable(list(findings))
    if load is not None:
        draft.inferred_from = load
    draft.save()
    return draft


@transaction.atomic
def confirm_contract(
    *, dataset_id: str, actor: Actor, expected_sha256: str = ""
) -> DataContractVersion:
    """Make the draft what files are held to, and go on with the loads that wait for it.

    `expected_sha256` is that of the draft the person saw; another one raises `Conflict`. Raises `InvalidInput` with a
    JSON pointer for each fault, `NotFound` when there is no draft.
    """
    policies.require(actor, permissions.CONFIRM_CONTRACT)
    dataset = locked_dataset(dataset_id)
    draft = locked_draft(dataset_id)
    if draft is None:
        raise NotFound("The dataset has no draft to confirm.", code="no_draft")
    if expected_sha256 and expected_sha256 != draft.body_sha256:
        raise Conflict("The draft was changed in the meantime.", code="draft_changed")
    contract = contracts.contract_from_json(draft.body)
    _refuse(contract_faults(contract), "The contract cannot be confirmed yet.")
    draft.state, draft.confirmed_by, draft.confirmed_at = (
        ContractState.CONFIRMED,
        str(actor),
        now(),
    )
    draft.save(update_fields=["state", "confirmed_by", "confirmed_at", "updated_at"])
    record(
        actor=actor, action="datasets.contract.confirm", target="dataset", target_id=dataset_id,
        detail={"version": draft.version, "sha256": draft.body_sha256},
    )  # fmt: skip
    _go_on(dataset, draft, actor)
    return draft


def _go_on(dataset: Dataset, contract: DataContractVersion, actor: Actor) -> None:
    waiting = dataset.loads.select_for_update().filter(state=LoadState.NEEDS_CONTRACT)
    for load in waiting.order_by("number"):
        load.contract = contract
        start_intake(load=load, dataset=dataset, actor=actor)


def _refuse(faults: list[FieldError], sentence: str) -> None:
    if faults:
        raise InvalidInput(sentence, code="invalid_contract", errors=faults)
