"""The overview page: panels that modules registered, each for whom it may concern."""

from typing import Any

from django.http import HttpRequest

from core.console.navigation import visible_panels


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """`DASHBOARD_CALLBACK` of unfold."""
    site = "bank" if getattr(request, "bank", None) else "ops"
    context["panels"] = [panel.render(request) for panel in visible_panels(site, request)]
    return context
