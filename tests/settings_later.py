"""The suite's settings with the code of a later release: one more migration of `jobs`."""

from config.settings.test import *  # noqa: F403

MIGRATION_MODULES = {"jobs": "tests.tenants.later_jobs"}
