"""Making datasets."""

import re

from django.db import IntegrityError, transaction

from accounts import policies
from audit.services import record
from core.actors import Actor
from core.errors import Conflict, FieldError, InvalidInput
from datasets import permissions
from datasets.models import Dataset
from datasets.models.dataset import NAME_PATTERN

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 4000


@transaction.atomic
def create_dataset(*, name: str, actor: Actor, title: str = "", description: str = "") -> Dataset:
    """A new, empty dataset. Raises `InvalidInput`, or `Conflict` when the name is taken."""
    policies.require(actor, permissions.UPLOAD)
    errors: list[FieldError] = []
    if not re.fullmatch(NAME_PATTERN, name):
        sentence = "2 to 60 small letters, digits, - and _; a letter first."
        errors.append(FieldError("/name", "invalid_name", sentence))
    for field, text, limit in (
        ("title", title, TITLE_LENGTH),
        ("description", description, DESCRIPTION_LENGTH),
    ):
        if len(text) > limit or "\x00" in text:
            errors.append(
                FieldError(
                    f"/{field}", "invalid_text", f"At most {limit} characters, none of them NUL."
                )
            )
    if errors:
        raise InvalidInput("The dataset cannot be made.", errors=errors)
    try:
        with transaction.atomic():
            dataset: Dataset = Dataset.objects.create(
                name=name,
                title=title.strip() or name,
                description=description.strip(),
                created_by=str(actor),
            )
    except IntegrityError as error:
        raise Conflict(f"There is a dataset {name!r} already.", code="dataset_exists") from error
    record(
        actor=actor, action="datasets.dataset.create", target="dataset", target_id=str(dataset.id),
        detail={"name": name},
    )  # fmt: skip
    return dataset
