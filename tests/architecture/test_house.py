"""What keeps the house standing: the source root, names, registrations, the size of files."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings

from jobs import registry
from jobs.services.dispatching import RUN_TASK

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOT = ROOT / "platform"
MODULES = ("tenants", "scoring", "marketing", "acquisition")
PACKAGES = sorted(p.name for p in SOURCE_ROOT.iterdir() if (p / "__init__.py").exists())
SOURCES = sorted(
    path
    for part in ("platform", *MODULES)
    for path in (ROOT / part).rglob("*.py")
    if "migrations" not in path.parts
)


def test_platform_is_a_source_root_and_nothing_else():
    assert [p.name for p in SOURCE_ROOT.iterdir() if p.is_file()] == []
    assert not [p for p in SOURCE_ROOT.rglob("*") if p.name in ("conftest.py", "tests")]


def test_standard_library_platform_is_still_importable():
    done = subprocess.run(
        [sys.executable, "-c", "import uuid, platform; print(platform.python_version())"],
        cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{SOURCE_ROOT}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert re.match(r"3\.\d+", done.stdout), done.stderr


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES])
def test_package_name_shadows_no_other_distribution(name):
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)
    assert name not in sys.stdlib_module_names


def test_every_task_name_that_services_send_is_registered():
    current_app.loader.import_default_modules()
    assert RUN_TASK in current_app.tasks
    sent = {
        match
        for path in SOURCES
        for match in re.findall(r"send_(?:after_commit|now)\(\s*\"([\w.]+)\"", path.read_text())
    }
    assert sent <= set(current_app.tasks)


def test_every_job_kind_that_services_start_is_registered():
    started = {
        match
        for path in SOURCES
        for match in re.findall(r"start_job\(\s*kind=\"([\w.]+)\"", path.read_text())
    }
    assert started <= set(registry.kinds())
    assert {"tenants.onboard", "datasets.intake"} <= set(registry.kinds())


def test_every_model_says_what_the_run_time_role_may_do():
    ours = {*PACKAGES, *MODULES}
    for model in apps.get_models():
        if model._meta.app_label in ours and hasattr(model, "database_rights"):
            assert model.database_rights in ("write", "append", "read"), model
    append = {
        m.__name__ for m in apps.get_models() if getattr(m, "database_rights", "") == "append"
    }
    assert {"AuditEntry", "AuditSeal", "JobLog"} <= append


def test_content_types_are_shared_and_sessions_are_not():
    assert "django.contrib.contenttypes" not in settings.TENANT_APPS
    assert "django.contrib.sessions" in settings.TENANT_APPS


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_reads_in_one_sitting(path):
    assert len(path.read_text().splitlines()) <= 450


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_stand_at_the_top(path):
    """Only a Django app's `ready` imports inside a function: apps are not loaded before."""
    tree = ast.parse(path.read_text())
    late = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name != "ready"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert late == []


def test_nothing_is_unpickled_and_no_stub_is_left():
    for path in SOURCES:
        text = path.read_text()
        assert not re.search(r"\b(pickle|joblib|dill|cloudpickle)\b\.loads?\(", text), path
        assert not re.search(r"NotImplementedError|\bTODO\b|\bFIXME\b", text), path
