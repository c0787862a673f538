"""The demo's story on a running Panorama: two banks, real data, models, approval, decisions, a million rows."""

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import policies
from benchmarks.public_data import PublicDataError
from config.story import chapters, people
from config.story.http import Api, StoryFailed
from config.story.portfolios import PORTFOLIOS, million_rows, source_file
from config.story.summary import Story, summary
from core.errors import ProblemError
from core.tenancy import BankContext


class Command(BaseCommand):
    help = "Tell the demo's story through the running web server and workers."

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("PANORAMA_PORT", "8000"))
        try:
            story = Teller(port, self._say).tell()
        except (StoryFailed, PublicDataError, ProblemError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(summary(story, port))

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()


class Teller:
    """Runs the chapters in order and keeps what the summary needs."""

    def __init__(self, port: int, say: Any) -> None:
        self.port, self.say = port, say
        self.cache = Path(settings.RUN_DIR) / "data"
        self.story = Story()
        self.apis: dict[str, Api] = {}
        self.banks: dict[str, BankContext] = {}

    def tell(self) -> Story:
        begun = time.monotonic()
        files = {p.source: source_file(p, self.cache, self.say) for p in PORTFOLIOS}
        fetched = time.monotonic()
        self.open_banks()
        taken = []
        for portfolio in PORTFOLIOS:
            api = self.apis[portfolio.bank]
            held = chapters.take_in(api, portfolio, files[portfolio.source])
            load = held.load
            self.say(
                f"{portfolio.title}: {load['rows_in']} rows in, {load['rows_quarantined']} quarantined"
            )
            chapters.start_training(api, held)
            taken.append(held)
        million = self.load_million(taken[-1], files[taken[-1].portfolio.source])
        for held in taken:
            self.train_and_approve(held)
            live = chapters.decide(
                self.apis[held.portfolio.bank], held, files[held.portfolio.source], 100
            )
            self.story.live[held.portfolio.dataset] = live
            self.say(
                f"{held.portfolio.title}: {live.decisions} live decisions, median {live.median_ms:.1f} ms"
            )
        held = taken[-1]
        self.story.batch = chapters.score_batch(self.apis[held.portfolio.bank], held, million)
        self.say(f"batch: {self.story.batch['rows']} rows in {self.story.batch['seconds']:.1f} s")
        self.story.taken = taken
        self.story.seconds = time.monotonic() - begun
        self.story.download_seconds = fetched - begun
        return self.story

    def open_banks(self) -> None:
        self.story.operator = people.ensure_operator()
        for data in people.BANKS:
            begun = time.monotonic()
            bank = people.ensure_bank(data)
            slug = str(data["slug"])
            self.story.staff[slug] = people.ensure_staff(bank)
            credentials = people.ensure_client(bank, sorted(policies.bank_scopes()))
            self.apis[slug] = Api(
                self.port, bank.host, credentials.client_id, credentials.client_secret
            )
            self.banks[slug] = bank
            self.story.banks[slug] = bank
            self.story.clients[slug] = credentials
            self.say(f"{bank.name} onboarded in {time.monotonic() - begun:.1f} s")

    def load_million(self, held: chapters.Taken, file: Path) -> str:
        """The million rows, sent as Parquet into the same dataset under the same contract."""
        target = self.cache / f"{held.portfolio.source}-million.parquet"
        path = million_rows(file, target, chapters.id_column(held.portfolio))
        api = self.apis[held.portfolio.bank]
        accepted = api.upload(f"/api/v1/datasets/{held.dataset_id}/loads", path)
        load = chapters.wait_for_load(api, held.dataset_id, accepted["load"]["id"])
        self.say(
            f"a million rows (drawn with replacement from the real ones): {load['rows_quarantined']} quarantined"
        )
        return str(load["id"])

    def train_and_approve(self, held: chapters.Taken) -> None:
        slug = held.portfolio.bank
        chapters.finish_training(self.apis[slug], held)
        chapters.approve_and_deploy(self.banks[slug], held, self.story.staff[slug])
        self.say(
            f"{held.portfolio.title}: both models trained, approved by a second person, scorecard live"
        )
