"""Cursor pages over time-ordered keys: stable while rows arrive, and never a count."""

from rest_framework.pagination import CursorPagination


class TimeCursorPagination(CursorPagination):
    """Newest first; `page_size` up to 200."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
