"""A bank-grade place: HTTPS only, behind a terminating proxy."""

from config.settings.base import *  # noqa: F403
from config.settings.base import env

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 86400
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
EMAIL_BACKEND = env("PANORAMA_EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
