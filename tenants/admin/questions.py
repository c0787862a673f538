"""A page that asks before it acts, and then says what it did."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from core.console import shown_errors


class DateBox(forms.DateInput):
    input_type = "date"


def asked(
    request: HttpRequest,
    subject: models.Model,
    *,
    site: Any,
    title: str,
    fields: Mapping[str, forms.Field],
    run: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """The fields on GET; on POST `run` with what was filled in, then back to the object's page."""
    form_class = type("Question", (forms.Form,), dict(fields))
    form = form_class(request.POST or None)
    meta = subject._meta
    back = reverse(f"ops:{meta.app_label}_{meta.model_name}_change", args=[subject.pk])
    if request.method == "POST" and form.is_valid():
        with shown_errors(request):
            messages.success(request, run(form.cleaned_data))
        return redirect(back)
    context = {
        **site.each_context(request),
        "title": title,
        "form": form,
        "back": back,
        "subject": subject,
    }
    return render(request, "tenants/question.html", context)
