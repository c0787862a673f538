"""Properties are tried without a stop-watch: machines differ in speed."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
