"""Dataset: a named kind of file that a bank brings again and again."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.models import BaseRow

NAME_PATTERN = r"^[a-z][a-z0-9_-]{1,59}$"


class Dataset(BaseRow):
    """Its loads are the files that came, its contract says what they must look like."""

    name = models.CharField(
        _("name"),
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(NAME_PATTERN, _("Small letters, digits, - and _; a letter first."))
        ],
    )
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    created_by = models.CharField(_("created by"), max_length=300)

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[Any]] = [models.Index(Lower("title"), name="dataset_title_lower")]

    def __str__(self) -> str:
        return self.title or self.name
