"""WSGI entry: sync views need no event loop, which would cost them five times the time (ADR 0004)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from scoring.engine.warmup import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

application = get_wsgi_application()
# The scoring kernels are compiled once a machine and loaded here, not by somebody's first decision.
warm_up()

# The start-up heap never becomes garbage; without this the collector walks it during requests (p99 113 -> 21 ms).
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 50, 100)
