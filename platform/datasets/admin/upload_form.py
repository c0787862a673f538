"""The form that brings a file."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """A file, dropped or chosen, and the day it stands for."""

    file = forms.FileField(
        label=_("File"),
        max_length=1000,
        allow_empty_file=True,
        widget=forms.FileInput(
            attrs={"class": "ds-drop-input", "accept": ".csv,.tsv,.txt,.gz,.xlsx,.parquet"}
        ),
    )
    as_of = forms.DateField(
        label=_("As of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "ds-input"}),
        help_text=_("The day the data stands for; today if left empty."),
    )
