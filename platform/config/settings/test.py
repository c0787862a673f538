"""The test suite: as on a local machine, with a cheap password hash."""

from config.settings.local import *  # noqa: F403
from config.settings.local import REST_FRAMEWORK as _REST_FRAMEWORK

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
REST_FRAMEWORK = {**_REST_FRAMEWORK, "TEST_REQUEST_DEFAULT_FORMAT": "json"}
WHITENOISE_AUTOREFRESH = True
