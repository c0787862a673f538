"""What is mutated, and which tests answer for it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the code and the folders of tests that hold it; paths from the root of the checkout."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self, root: Path) -> list[str]:
        """Modules of the area, sorted; migrations and empty files left out."""
        found: set[Path] = set()
        for source in self.sources:
            path = root / source
            found |= {path} if path.is_file() else set(path.rglob("*.py"))
        return sorted(
            str(path.relative_to(root))
            for path in found
            if "migrations" not in path.parts and path.stat().st_size
        )


AREAS = (
    Area("ml", ("platform/ml",), ("tests/ml", "tests/scoring_engine")),
    Area("scoring_engine", ("scoring/engine",), ("tests/scoring_engine", "tests/scoring_policy")),
    Area("datasets_engine", ("platform/datasets/engine",), ("tests/datasets_engine",)),
    Area("vault", ("platform/core/vault",), ("tests/vault",)),
    Area("audit", ("platform/audit/engine", "platform/audit/services"), ("tests/audit",)),
    Area(
        "tenancy",
        (
            "platform/core/tenancy.py",
            "platform/core/postgres",
            "platform/core/middleware.py",
            "platform/core/tasks.py",
            "platform/core/cache_keys.py",
            "tenants/directory.py",
            "tenants/middleware.py",
        ),
        ("tests/tenancy", "tests/tenants", "tests/isolation"),
    ),
)
