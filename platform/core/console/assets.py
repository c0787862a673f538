"""Style sheets of the admin pages."""

from django.http import HttpRequest
from django.templatetags.static import static


def panorama_css(request: HttpRequest) -> str:
    return static("core/panorama.css")


def charts_css(request: HttpRequest) -> str:
    return static("charts/charts.css")


def favicon(request: HttpRequest) -> str:
    return static("core/favicon.svg")
