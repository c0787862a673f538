"""Figures for Prometheus, summed over this machine's processes; each process counts in files of its own.

Labels name banks and routes, never people, paths or ids. Only the number of calls is kept by bank: a histogram for each
of a thousand banks would be more series than all the rest.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

REQUEST_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_BOUNDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)

requests_total = Counter("panorama_requests_total", "Answered calls.", ["bank", "area", "status"])
request_seconds = Histogram(
    "panorama_request_seconds", "Time to answer.", ["method", "route"], buckets=REQUEST_BOUNDS
)
jobs_total = Counter("panorama_jobs_total", "Finished jobs.", ["bank", "kind", "state"])
job_seconds = Histogram(
    "panorama_job_seconds", "Run time of finished jobs.", ["kind"], buckets=JOB_BOUNDS
)

Reading = Iterable[tuple[Sequence[str], float]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure looked up when it is asked for, in the public scope; `read` gives label values and the value."""

    name: str
    description: str
    labels: tuple[str, ...]
    read: Callable[[], Reading]


_gauges: dict[str, Gauge] = {}


def register_gauge(gauge: Gauge) -> None:
    """Called by a module at start-up."""
    _gauges[gauge.name] = gauge


class _Gauges(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        for gauge in sorted(_gauges.values(), key=lambda g: g.name):
            family = GaugeMetricFamily(gauge.name, gauge.description, labels=gauge.labels)
            for labels, value in gauge.read():
                family.add_metric(labels, value)
            yield family


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Gauges())
    return generate_latest(registry)


def count_request(request: HttpRequest, response: HttpResponse, *, seconds: float) -> None:
    """After every answer. The route is the pattern's text, so that no id and no guess becomes a label."""
    bank = getattr(request, "bank", None)
    route = route_of(request)
    area = "decisions" if route.startswith("api/v1/scoring/decisions") else route.partition("/")[0]
    requests_total.labels(
        bank.schema if bank else "-", area or "-", f"{response.status_code // 100}xx"
    ).inc()
    request_seconds.labels(_METHODS.get(request.method or "", "other"), route).observe(seconds)


_METHODS = {name: name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}


def route_of(request: HttpRequest) -> str:
    """The pattern that answered, or `-` when none did."""
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match else "-"
