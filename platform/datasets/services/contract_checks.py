"""What has to hold before a contract is stored or confirmed, as faults with JSON pointers."""

from core.errors import FieldError
from datasets.choices import Role
from datasets.contracts import BadContract, DataContract
from datasets.engine import validate_contract
from datasets.engine.targets import is_declared

UNUSED = frozenset({Role.PROHIBITED, Role.IGNORE})


def structure_faults(contract: DataContract) -> list[FieldError]:
    """Contradictions, such as an unknown key or a minimum above the maximum."""
    try:
        validate_contract(contract)
    except BadContract as error:
        return [FieldError(f.pointer, f.code, f.detail) for f in error.errors]
    return []


def confirmation_faults(contract: DataContract) -> list[FieldError]:
    """What a draft may leave open and a confirmed contract may not.

    1 may mean good: a target whose direction nobody said cannot be used.
    """
    faults = [
        FieldError(
            f"/columns/{place}/bad_values",
            "direction_missing",
            "Say which values of the target mean bad, or which mean good.",
        )
        for place, column in enumerate(contract.columns)
        if column.role is Role.TARGET and not is_declared(column)
    ]
    if all(column.role in UNUSED for column in contract.columns):
        faults.append(FieldError("/columns", "nothing_used", "No column of the file is used."))
    return faults
