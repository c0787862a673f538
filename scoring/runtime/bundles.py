"""Loads what decides and keeps it per process; artefacts never change, so what is loaded stays true."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core import storage
from core.errors import Unavailable
from core.tenancy import current_bank, current_context
from scoring.engine.errors import ArtifactError
from scoring.engine.loading import Scorer, load_scorer
from scoring.engine.policy import CompiledPolicy, compile_policy, load_policy
from scoring.engine.spec import INPUT
from scoring.models import ModelVersion, PolicyVersion
from scoring.runtime.bundle import Bundle, Watcher, catalogue_from_entries
from scoring.runtime.profiles import bank_profile

KEPT = 256


@dataclass(frozen=True, slots=True)
class Live:
    """What is in force for a model at a moment: ids only. `watchers` are (slot, version id)."""

    champion: str
    policy: str
    watchers: tuple[tuple[str, str], ...] = ()


class VersionGone(LookupError):
    """A version that was in force is not in the bank's tables: they were restored or made anew meanwhile."""


class Kept:
    """A small cache of immutable values, the least recently used out first; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def get(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The value, made outside the lock when it is not there: two makers at once do no harm."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


_scorers, _policies, _bundles = Kept(KEPT), Kept(KEPT), Kept(KEPT)
# Model ids by (schema, code): a model is never deleted and never renamed.
model_ids = Kept(1_000)


def forget() -> None:
    """Drop everything this process has loaded."""
    for cache in (_scorers, _policies, _bundles, model_ids):
        cache.clear()


def bundle_for(live: Live) -> Bundle:
    """The champion with its policy and whatever is scored beside it. Raises `Unavailable` when a file is damaged."""
    bank = current_bank()
    key = (bank.schema, bank.jurisdiction, bank.currency, live)
    return _bundles.get(key, lambda: _load(live))  # type: ignore[no-any-return]


def scorer_of(version: ModelVersion) -> Scorer:
    """The scorer of a version; its bytes are checked against the hash the row holds."""
    key = (current_context().schema, version.artifact_sha256)
    return _scorers.get(key, lambda: _read(version))  # type: ignore[no-any-return]


def _read(version: ModelVersion) -> Scorer:
    try:
        with storage.open_reader(version.artifact_path) as reader:
            return load_scorer(reader.readall(), expected_hash=version.artifact_sha256)
    except (ArtifactError, storage.FileDamaged, FileNotFoundError) as error:
        raise Unavailable("The model's file cannot be read.", code="artifact_damaged") from error


def policy_of(version: PolicyVersion) -> CompiledPolicy:
    """The flow of a policy version, ready to run."""
    key = (current_context().schema, version.sha256)
    return _policies.get(key, lambda: compile_policy(load_policy(version.document)))  # type: ignore[no-any-return]


def _load(live: Live) -> Bundle:
    """Raises `VersionGone`, `Unavailable`."""
    ids = [live.champion, *(version for _, version in live.watchers)]
    rows = ModelVersion.objects.select_related("model").defer("report").in_bulk(ids)
    versions = {str(key): row for key, row in rows.items()}
    policy = PolicyVersion.objects.select_related("catalogue").filter(pk=live.policy).first()
    if policy is None or not versions.keys() >= set(ids):
        raise VersionGone("A version in force is not here.")
    champion = versions[live.champion]
    watchers = tuple(
        Watcher(
            slot, key, versions[key].number, versions[key].artifact_sha256, scorer_of(versions[key])
        )
        for slot, key in live.watchers
    )
    return Bundle(
        model_id=str(champion.model_id),
        model_code=champion.model.code,
        product=champion.model.product,
        version_id=live.champion,
        version_number=champion.number,
        version_sha256=champion.artifact_sha256,
        kind=champion.kind,
        scorer=scorer_of(champion),
        policy_version_id=live.policy,
        policy_number=policy.number,
        policy_sha256=policy.sha256,
        policy=policy_of(policy),
        catalogue_id=str(policy.catalogue_id),
        catalogue_sha256=policy.catalogue.sha256,
        catalogue=catalogue_from_entries(policy.catalogue.entries),
        profile=bank_profile(current_bank()),
        watchers=watchers,
        candidates=frozenset(
            str(feature["name"])
            for feature in champion.spec["features"]
            if feature["role"] == INPUT
        ),
    )
