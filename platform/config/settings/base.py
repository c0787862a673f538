"""Settings common to every place. What differs by place comes from the environment."""

import os
from pathlib import Path

import environ

from config import broker, file_stores
from config.env import read_secret

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[3]
RUN_DIR = Path(env("PANORAMA_RUN_DIR", default=str(BASE_DIR / ".run")))

SECRET_KEY = read_secret("PANORAMA_SECRET_KEY", RUN_DIR)
DEBUG = False
BASE_DOMAIN = env("PANORAMA_BASE_DOMAIN", default="localhost")
OPS_HOSTS = env.list("PANORAMA_OPS_HOSTS", default=[f"ops.{BASE_DOMAIN}"])
ALLOWED_HOSTS = env.list("PANORAMA_ALLOWED_HOSTS", default=[f".{BASE_DOMAIN}"])
BANK_URLCONF = "config.urls_bank"
OPS_URLCONF = "config.urls_ops"
ROOT_URLCONF = BANK_URLCONF
PUBLIC_SCHEMA_URLCONF = OPS_URLCONF

# --- Applications -----------------------------------------------------------------------------------------
# In both schemas: ops staff and platform jobs live in public, a bank's in its own.
BOTH_APPS = [
    "accounts",
    "federation",
    "django.contrib.admin",
    "django.contrib.sessions",
    "oauth2_provider",
    "audit",
    "core.idempotency",
    "jobs",
    "webhooks",
]
SHARED_APPS = [
    "django_tenants",
    "core",
    "tenants",
    # contenttypes in the shared schema only: its cache is per process, so ids must be the same everywhere.
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "charts",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *BOTH_APPS,
]
TENANT_APPS = [
    *BOTH_APPS,
    "compliance",
    "ledger",
    "datasets",
    "customers",
    "scoring",
    "acquisition",
    "marketing",
]
# unfold overrides admin templates, so it stands before admin.
INSTALLED_APPS = [
    "config",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    *[a for a in SHARED_APPS if not a.startswith("unfold")],
    *[a for a in TENANT_APPS if a not in SHARED_APPS],
]
TENANT_MODEL = "tenants.Bank"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = True
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database ---------------------------------------------------------------------------------------------
# Two logins: the web login may only take run-time roles; the admin login migrates and onboards. A process says
# which it is by PANORAMA_LOGIN.
LOGIN = env("PANORAMA_LOGIN", default="web")
_url = env("DATABASE_ADMIN_URL" if LOGIN == "admin" else "DATABASE_URL", default="")
# A link that is cut tells nobody: without these a query would wait a quarter of an hour for its answer.
# Of seconds, the last of milliseconds; a Unix socket has none of it. The URL's own parameters win.
_LINK = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
DATABASES = {
    "default": {
        **(env.db_url_config(_url) if _url else {"NAME": "panorama"}),
        "ENGINE": "core.postgres",
        "OPTIONS": {**_LINK, **(env.db_url_config(_url).get("OPTIONS", {}) if _url else {})},
        "CONN_MAX_AGE": env.int("PANORAMA_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
# Whom the run-time roles are granted to.
WEB_LOGIN = env.db_url("DATABASE_URL", default="postgres://panorama_web@/panorama")["USER"]
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# --- Broker, cache ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = env("BROKER_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("CACHE_URL", default="redis://localhost:6379/1"),
        "KEY_FUNCTION": "core.cache_keys.bank_key",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# --- Middleware -------------------------------------------------------------------------------------------
MIDDLEWARE = [
    "core.middleware.ScopeMiddleware",
    "core.api.edge.ApiEdgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.security_headers.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # The calls made thousands of times a second end here: what has to hold for every request stands above.
    "core.short_cut.ShortCutMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.ActorMiddleware",
    "tenants.middleware.ModuleMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "platform" / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
WSGI_APPLICATION = "config.wsgi.application"

# --- People -----------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["accounts.backends.BankBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Printing demo people's one-time codes: on a person's own machine alone.
LOCAL_ONE_TIME_CODES = False
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.error_pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Where mail goes when no mail server is configured: a folder of .eml files.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(RUN_DIR / "outbox")
DEFAULT_FROM_EMAIL = env("PANORAMA_FROM_EMAIL", default=f"panorama@{BASE_DOMAIN}")

# --- API --------------------------------------------------------------------------------------------------
# How long the old secret of an API client goes on working beside a new one, when asked for on its page.
CLIENT_SECRET_OVERLAP_HOURS = env.int("PANORAMA_CLIENT_SECRET_OVERLAP_HOURS", default=72)
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.ApiClient"
OAUTH2_PROVIDER = {
    "ALLOWED_GRANT_TYPES": ["client-credentials"],
    "PKCE_REQUIRED": True,
    # RFC 9700: tokens are kept as hashes, and no grant but client credentials exists.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.ScopeRequired"],
    "DEFAULT_RENDERER_CLASSES": ["core.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.renderers.OrjsonParser"],
    "DEFAULT_PAGINATION_CLASS": "core.pagination.CursorPages",
    # `format` is an ordinary parameter here: there is one representation.
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "core.problem.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "core.api.openapi.RouteSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Panorama",
    "DESCRIPTION": "Risk scoring, smart acquisition and smart marketing for a bank. The bank is the host.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobStateEnum": "jobs.choices.JobState",
        "QueueEnum": "jobs.choices.Queue",
        "BankStateEnum": "tenants.choices.BankState",
        "OffboardingStateEnum": "tenants.choices.OffboardingState",
        "LoadStateEnum": "datasets.states.LoadState",
        "ContractStateEnum": "datasets.states.ContractState",
        "ModelKindEnum": "scoring.choices.ModelKind",
        "SlotEnum": "scoring.choices.Slot",
        "StageEnum": "scoring.choices.Stage",
        "DecisionKindEnum": "scoring.choices.DecisionKind",
        "OutcomeEnum": "scoring.choices.Outcome",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.openapi.complete",
    ],
    # The host is the bank, so the address has none.
    "SERVERS": [{"url": "/"}],
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
# Calls a minute of a bank whose plan names no `api` rate, and of the ops host.
RATE_LIMIT_PER_MINUTE = env.int("PANORAMA_RATE_LIMIT_PER_MINUTE", default=600_000)
OPS_RATE_LIMIT_PER_MINUTE = env.int("PANORAMA_OPS_RATE_LIMIT_PER_MINUTE", default=60_000)
# How long the same key gets the same answer.
IDEMPOTENCY_SECONDS = env.int("PANORAMA_IDEMPOTENCY_SECONDS", default=24 * 3600)
# A body of JSON; what it becomes in memory is some fifty times that at worst.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = None
DATASET_MAX_BYTES = env.int("PANORAMA_DATASET_MAX_BYTES", default=2 * 1024**3)

# --- Files ------------------------------------------------------------------------------------------------
# s3://bucket/prefix?endpoint_url=...&region=... puts the banks' files where every host sees them.
STORAGE_URL = env("STORAGE_URL", default="")
STORAGES = {
    "default": file_stores.file_store(STORAGE_URL, folder="banks", local=RUN_DIR / "storage"),
    # Exports of banks, for hand-over: apart from the banks' own files.
    "exports": file_stores.file_store(
        STORAGE_URL, folder="exports", local=RUN_DIR / "exports", file_permissions_mode=0o600
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# The erasure ledger on an object store, for places where several hosts erase; in CHECKPOINT_DIR otherwise.
if ERASURE_URL := env("PANORAMA_ERASURE_URL", default=""):
    STORAGES["erasures"] = file_stores.file_store(ERASURE_URL, folder="erasures", local=RUN_DIR)
STATIC_URL = "/static/"
STATIC_ROOT = RUN_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# --- Secrets kept outside PostgreSQL ----------------------------------------------------------------------
MASTER_KEY_FILE = env("PANORAMA_MASTER_KEY_FILE", default=str(RUN_DIR / "secrets" / "master.key"))
CHECKPOINT_DIR = env("PANORAMA_CHECKPOINT_DIR", default=str(RUN_DIR / "checkpoints"))

# --- Outgoing calls (core.outgoing) -----------------------------------------------------------------------
OUTGOING_PORTS = env.list("PANORAMA_OUTGOING_PORTS", cast=int, default=[443])
# A certificate authority of the company's own, beside the system's.
OUTGOING_CA_FILE = env("PANORAMA_OUTGOING_CA_FILE", default="")
# Private addresses that may be called ("host:port"): only the local settings fill this.
OUTGOING_LOCAL_HOSTS: list[str] = []

# --- Incoming calls ---------------------------------------------------------------------------------------
# Networks of the proxies in front, whose X-Forwarded-For is believed; none by default.
TRUSTED_PROXIES = env.list("PANORAMA_TRUSTED_PROXIES", default=[])

# --- A bank's end -------------------------------------------------------------------------------------------
# Days between the finished export and the drop, unless the bank's plan says another number.
OFFBOARDING_WAIT_DAYS = env.int("PANORAMA_OFFBOARDING_WAIT_DAYS", default=30)

# --- Language, time ---------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "platform" / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Jobs -------------------------------------------------------------------------------------------------
JOB_LEASE_SECONDS = env.int("PANORAMA_JOB_LEASE_SECONDS", default=30)
JOB_SWEEP_SECONDS = env.int("PANORAMA_JOB_SWEEP_SECONDS", default=2)
# Sent jobs of a queue that no worker has claimed yet: enough that no worker waits, few enough that whoever comes
# next is near the front. Each claim makes place for one more, so it need not grow with the number of workers.
JOB_AHEAD = env.int("PANORAMA_JOB_AHEAD", default=2)
# How many jobs of one bank may be with workers at once, by queue, where its plan says nothing else.
# Smaller than the workers of the queue, so that no bank takes them all: raise it with the number of workers.
JOB_SHARES = {
    "training": 1, "batch": 1, "realtime": 1, "delivery": 1, "ops": 1,
    **env.dict("PANORAMA_JOB_SHARES", cast={"value": int}, default={}),
}  # fmt: skip
# Requests of one bank in one web process: in hand at once, waiting for their turn, and how long they wait. The first
# two together stay below the process' threads (config/processes.py), so that another bank's call finds one.
BANK_REQUESTS_AT_ONCE = env.int("PANORAMA_BANK_REQUESTS_AT_ONCE", default=3)
BANK_REQUESTS_WAITING = env.int("PANORAMA_BANK_REQUESTS_WAITING", default=8)
BANK_WAIT_SECONDS = env.float("PANORAMA_BANK_WAIT_SECONDS", default=0.5)

CELERY_TASK_DEFAULT_QUEUE = "realtime"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL)
CELERY_TASK_QUEUES = broker.queues(CELERY_BROKER_URL, JOB_SHARES)
BROKER_PUBLISH_OPTIONS = broker.publish_options(CELERY_BROKER_URL)

# --- Logs, metrics ----------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"bank": {"()": "core.log_context.BankLogFilter"}},
    "formatters": {
        "line": {"()": "core.telemetry.logs.LineFormatter"},
        "json": {"()": "core.telemetry.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env("PANORAMA_LOG_FORMAT", default="json"),
            "filters": ["bank"],
        }
    },
    "root": {"handlers": ["console"], "level": env("PANORAMA_LOG_LEVEL", default="INFO")},
}
# Celery's own would write task arguments and whole tracebacks.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
ACCESS_LOG = env.bool("PANORAMA_ACCESS_LOG", default=True)
METRICS_TOKEN = read_secret("PANORAMA_METRICS_TOKEN", RUN_DIR)
# Read when prometheus_client is imported: every process of this machine counts in files of its own there.
METRICS_DIR = Path(env("PANORAMA_METRICS_DIR", default=str(RUN_DIR / "metrics")))
METRICS_DIR.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR))

UNFOLD = {
    "SITE_TITLE": "Panorama",
    "SITE_HEADER": "Panorama",
    "SITE_SYMBOL": "monitoring",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "core.console.assets.favicon"}
    ],
    "STYLES": ["core.console.assets.panorama_css", "core.console.assets.charts_css"],
    "BORDER_RADIUS": "8px",
    "COMMAND": {"search_models": False, "show_history": False},
    "DASHBOARD_CALLBACK": "core.console.dashboard.dashboard",
}
UNFOLD_BANK = {
    **UNFOLD,
    "ACCOUNT": {"navigation": "core.console.navigation.bank_account"},
    "SIDEBAR": {"show_search": True, "navigation": "core.console.navigation.bank_navigation"},
}
UNFOLD_OPS = {
    **UNFOLD,
    "ACCOUNT": {"navigation": "core.console.navigation.ops_account"},
    "SITE_HEADER": "Panorama operations",
    "SIDEBAR": {"show_search": True, "navigation": "core.console.navigation.ops_navigation"},
}
SILENCED_SYSTEM_CHECKS = [
    # E-mail addresses are unique without regard to case, by a constraint this check does not see.
    "auth.W004",
]
