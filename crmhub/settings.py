"""Django's settings. What differs between machines comes from `crmhub.environment`, nothing else does."""

from crmhub import broker, environment, logs, mailing, theme

ENV = environment.current()
BASE_DIR = environment.BASE_DIR
VAR = ENV.var

# --- the process ---
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
CONSENT_KEY = ENV.consent_key  # locks the evidence of consent; never stored in the database
ALLOWED_HOSTS = list(ENV.allowed_hosts)
MAP_HOSTS = ENV.map_hosts
ROOT_URLCONF = "crmhub.urls"
WSGI_APPLICATION = "crmhub.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = logs.for_django()
logs.configure_structlog()

INSTALLED_APPS = [
    # unfold and its parts come before django.contrib.admin, whose templates they replace
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "simple_history",
    "import_export",
    "django_htmx",
    "axes",
    "csp",
    "ninja",  # its documentation page then uses its own files instead of a CDN
    "crmhub.apps.CrmhubConfig",
    "contacts.apps.ContactsConfig",
    "syncrules.apps.SyncrulesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",  # last, as axes asks
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database: connections are kept, a new one for each request costs about three times the request ---
# IMMEDIATE takes the write lock at BEGIN, where SQLite waits for it; upgrading later fails at once instead.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=30000; "
        "PRAGMA cache_size=-64000; PRAGMA wal_autocheckpoint=8000; PRAGMA temp_store=MEMORY"
    ),
}
DATABASES = {
    "default": {
        **ENV.database,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        **({"OPTIONS": SQLITE_OPTIONS, "TEST": {"NAME": str(VAR / "test.sqlite3")}} if ENV.uses_sqlite else {}),
    }
}

# --- background work ---
CELERY_BROKER_URL = ENV.broker_url
CELERY_BROKER_TRANSPORT_OPTIONS = (
    broker.options(ENV.broker_folder)
    if ENV.embedded_broker
    else {"visibility_timeout": 3600, "socket_connect_timeout": 3, "socket_keepalive": True}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Each sweep expires before the next: a worker that comes back finds one, not a night's worth.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "contacts.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "nightly": {"task": "contacts.tasks.nightly", "schedule": 600.0, "options": {"expires": 600}},
    "sync": {"task": "syncrules.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "forget-hooks": {"task": "syncrules.tasks.forget_hooks", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-proofs": {"task": "syncrules.tasks.sweep_proofs", "schedule": 10.0, "options": {"expires": 10}},
    "nightly-health": {"task": "syncrules.tasks.nightly_health", "schedule": 600.0, "options": {"expires": 600}},
    "tidy-uploads": {"task": "contacts.tasks.tidy_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- mail: nothing goes out unless EMAIL_URL says how ---
globals().update(mailing.current())

# --- files: uploads go to disk as they come in, and no URL leads to them ---
UPLOAD_ROOT = VAR / "uploads"
MAX_UPLOAD_BYTES = 1024**3
UPLOADS_KEPT_DAYS = 30  # an upload that was never imported, and what no import names, is removed then
FILE_UPLOAD_HANDLERS = ["crmhub.uploads.CappedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(VAR / "tmp")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a page of the worksheet is one form with every cell
DATA_UPLOAD_MAX_NUMBER_FILES = 5
STATIC_URL = "static/"
STATIC_ROOT = VAR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(UPLOAD_ROOT), "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- sign-in, sessions, headers ---
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_CLIENT_IP_CALLABLE = "crmhub.addresses.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 30 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # other names under this domain are not ours to put under HSTS
    "security.W008",  # the redirect to https belongs to the proxy that ends TLS; we listen on loopback
    "security.W021",  # preload lists are a decision for the domain's owner
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],  # Alpine, inside unfold, evaluates its attributes
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# --- language and time: stored in UTC, shown readable ---
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["crmhub.formats"]

# --- history and exchange of files ---
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_DATE_INDEX = False
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_ESCAPE_HTML_ON_EXPORT = True

UNFOLD = theme.UNFOLD
