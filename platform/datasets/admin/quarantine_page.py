"""The refused rows of a load as a table, for those who may see them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core.errors import NotFound
from core.request import acting
from datasets import labels, selectors, services

ISSUES_A_PAGE = 50


def quarantine_page(admin: Any, request: HttpRequest, load: selectors.LoadView) -> HttpResponse:
    """A page of them; each look is in the audit trail."""
    number = _page_number(request)
    try:
        page = services.read_quarantine(
            load_id=load.id,
            actor=acting(request),
            offset=(number - 1) * ISSUES_A_PAGE,
            limit=ISSUES_A_PAGE,
        )
    except NotFound as error:
        messages.info(request, error.detail)
        return HttpResponseRedirect(reverse("admin:datasets_datasetload_change", args=[load.id]))
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{load.dataset_name} #{load.number}",
        "load": load,
        "issues": [
            (issue, labels.REASONS.get(issue.reason, issue.reason)) for issue in page.issues
        ],
        "total": page.total,
        "first": page.offset + 1,
        "last": page.offset + len(page.issues),
        "previous": number - 1,
        "next": number + 1 if page.offset + len(page.issues) < page.total else 0,
        "opts": admin.opts,
        "object": admin.get_object(request, load.id),
    }
    return TemplateResponse(request, "datasets/quarantine.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1
