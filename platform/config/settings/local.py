"""A person's own machine: plain HTTP on localhost, everything else as in production."""

from config.settings.base import *  # noqa: F403
from config.settings.base import LOGGING, env

LOCAL_ONE_TIME_CODES = True
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
OUTGOING_LOCAL_HOSTS = env.list("PANORAMA_OUTGOING_LOCAL_HOSTS", default=[])
# For eyes, not for a log store.
LOGGING["handlers"]["console"]["formatter"] = env("PANORAMA_LOG_FORMAT", default="line")  # type: ignore[index]
