"""What the demo prints at its end."""

from dataclasses import dataclass, field
from typing import Any

from config.story.chapters import Live, Taken
from config.story.people import DEMO_PASSWORD, Credentials
from core.tenancy import BankContext


@dataclass
class Story:
    """What the chapters brought about."""

    operator: str = ""
    banks: dict[str, BankContext] = field(default_factory=dict)
    staff: dict[str, dict[str, str]] = field(default_factory=dict)
    clients: dict[str, Credentials] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    live: dict[str, Live] = field(default_factory=dict)
    batch: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    download_seconds: float = 0.0


def summary(story: Story, port: int) -> str:
    """A page of text: data, models, decisions, batch, links and logins of each bank."""
    lines = ["", "Panorama: the story is told"]
    for slug, bank in story.banks.items():
        lines += ["", f"{bank.name}  http://{bank.host}:{port}/admin/"]
        for held in story.taken:
            if held.portfolio.bank == slug:
                lines += _portfolio(held, story)
        if story.batch and slug == story.taken[-1].portfolio.bank:
            batch = story.batch
            rate = batch["rows"] / batch["seconds"] if batch["seconds"] else 0.0
            lines.append(
                f"    batch      {batch['rows']:,} rows in {batch['seconds']:.1f} s, {rate:,.0f} rows/s"
            )
        lines.append(f"    logins     {', '.join(story.staff[slug].values())}")
        client = story.clients[slug]
        lines.append(f"    API client {client.client_id} secret {client.client_secret}")
    lines += [
        "",
        f"Operations  http://ops.localhost:{port}/admin/  login {story.operator}",
        f"Password of every demo login: {DEMO_PASSWORD}",
        "Second step of a login: `make code EMAIL=analyst@aurora.example` prints the code of that person's app.",
        f"Told in {story.seconds - story.download_seconds:.0f} s (downloads {story.download_seconds:.0f} s beside).",
    ]
    return "\n".join(lines)


def _portfolio(held: Taken, story: Story) -> list[str]:
    load, live = held.load, story.live[held.portfolio.dataset]
    lines = [
        f"  {held.portfolio.title}",
        f"    data       {load['rows_in']:,} rows in, {load['rows_quarantined']:,} quarantined",
    ]
    for kind, version in held.versions.items():
        lines.append(
            f"    {kind:<10} {_interval('AUC', version, 'auc')}  {_interval('KS', version, 'ks')}"
        )
    counts = ", ".join(f"{n} {outcome}" for outcome, n in live.outcomes.items())
    lines.append(
        f"    decisions  {live.decisions}: {counts}; median {live.median_ms:.1f} ms, 95 % under {live.p95_ms:.1f} ms"
    )
    return lines


def _interval(name: str, version: dict[str, Any], key: str) -> str:
    found = version[key]
    return f"{name} {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
