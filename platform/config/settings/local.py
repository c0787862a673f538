"""A person's own machine: plain HTTP on localhost, everything else as in production."""

from config.settings.base import *  # noqa: F403

SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
