"""A list page as CSV: exactly the rows its filters and search leave, without live formulas."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from charts.table import Table

ROWS_LIMIT = 10_000
EXPORT = "export"
Cells = Sequence[str | int | float | None]


class CsvList:
    """Mix-in of a list page: `csv_header` and `csv_row` say what goes into the file."""

    csv_header: Sequence[str] = ()
    list_before_template = "core/list_tools.html"

    def csv_row(self, row: Any) -> Cells:
        raise LookupError("This list has no CSV form.")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        query = request.GET.copy()
        wanted = query.pop(EXPORT, [])
        if wanted != ["csv"]:
            query[EXPORT] = "csv"
            context = {**(extra_context or {}), "csv_query": query.urlencode()}
            return super().changelist_view(request, context)  # type: ignore[misc,no-any-return]
        request.GET = query  # type: ignore[assignment]
        found = self.get_changelist_instance(request).queryset[:ROWS_LIMIT]  # type: ignore[attr-defined]
        rows = [self.csv_row(row) for row in found]
        return csv_response(f"{self.opts.model_name}s", self.csv_header, rows)  # type: ignore[attr-defined]


def csv_response(name: str, header: Sequence[str], rows: Iterable[Cells]) -> HttpResponse:
    """Rows as a download named `name`.csv."""
    table = Table(header=tuple(header), rows=tuple(tuple(row) for row in rows))
    answer = HttpResponse(table.csv(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
