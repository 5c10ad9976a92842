"""Settings, all from the environment (`.env.example` lists and explains every one).

A missing setting stops start-up with a sentence that says what to do; combinations that contradict each
other are system checks (`pap_portal/checks.py`).
"""

from pathlib import Path
from urllib.parse import urljoin

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from pap_portal import oidc, openapi
from pap_portal.environment import Environment
from pap_portal.logs import log_settings, report_errors

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(BASE_DIR / ".env")

# --- What kind of start this is -------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Run `make setup`, which writes a .env with a new one, or copy .env.example to .env "
        "and set SECRET_KEY to at least 50 random characters."
    )
# Former keys, while links and second-step secrets made with them are still about.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "pap_portal.urls"
WSGI_APPLICATION = "pap_portal.wsgi.application"

# --- Apps -----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "pap_portal",
    "board",
    "risks",
    "milestones",
    "accounts",
    "core",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "rules",
    "django_structlog",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]

MIDDLEWARE = [
    "pap_portal.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.NoNullCharacters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN:
    INSTALLED_APPS += ["django_prometheus"]
    MIDDLEWARE = [
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        *MIDDLEWARE,
        "django_prometheus.middleware.PrometheusAfterMiddleware",
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
                "core.context_processors.portal",
            ],
        },
    },
]
FORM_RENDERER = "core.forms.GovukRenderer"

# --- Data -----------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue instead of failing: an immediate transaction takes the write lock at its start, where
    # busy_timeout applies; a lock wanted half-way through fails at once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A page says within seconds that the database is away.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # The plan as at a day is many short index look-ups. PostgreSQL's defaults, made for spinning discs, read the
    # whole history instead once it is long (measured with a million updates: five times slower), and compile the
    # query first. `?options=` in DATABASE_URL says otherwise, for a pooler that refuses start-up options.
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c random_page_cost=1.1 -c jit=off")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            # Goes on counting attempts to sign in while Redis is away, so that people still can.
            "BACKEND": "core.cache.RedisOrLocalCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
    # Pages go on without their cache when Redis is away; `/readyz` says that it is.
    DJANGO_REDIS_IGNORE_EXCEPTIONS = True
    DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))()
S3_BUCKET = env.str("S3_BUCKET", default="")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="eu-west-2"),
            # Empty: the role of the machine it runs on.
            "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
            "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
            "default_acl": None,
        },
    }
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- Jobs -----------------------------------------------------------------------------------------------------------

# Without Redis, tasks run inside the process that asks for them.
CELERY_BROKER_URL = REDIS_URL or None
CELERY_RESULT_BACKEND = REDIS_URL or None
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_RESULT_EXPIRES = 86_400
CELERY_TIMEZONE = "Europe/London"
# A save never waits long for a broker that is away: two tries, then it is logged and the nightly job catches up.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- People and sign-in ---------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# People hear of every change of their password or second step, so that one who did not make it can say so.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
MFA_ADAPTER = "accounts.adapters.TwoStepAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.CodeForm",
    "reauthenticate": "accounts.forms.ConfirmCodeForm",
    "activate_totp": "accounts.forms.TurnOnTwoStepForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# A phone's clock may be half a minute out.
MFA_TOTP_TOLERANCE = 1
# Addresses are the programme office's invitations, not people's own claims.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Signing in through the council's or the NHS's own accounts (OpenID Connect).
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("OIDC_NAME", default="your organisation’s account")
OIDC_ON = bool(OIDC_SERVER_URL and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)
if OIDC_ON:
    INSTALLED_APPS += oidc.APPS
    SOCIALACCOUNT_PROVIDERS = oidc.providers(
        server_url=OIDC_SERVER_URL,
        client_id=OIDC_CLIENT_ID,
        secret=OIDC_CLIENT_SECRET,
        name=OIDC_NAME,
        trust_email=env.bool("OIDC_TRUST_EMAIL", default=False),
    )
    SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SESSION_HOURS = env.int("SESSION_HOURS", default=10)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

vars().update(env.email("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="SEND improvement portal <noreply@localhost>")

# --- API ------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.DeclaredPermission"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.PortalPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.PortalJSONRenderer", "core.api.renderers.CSVRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.PortalJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="600/min")},
    "EXCEPTION_HANDLER": "core.api.errors.problem_json",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token", "TOKEN_MODEL": "accounts.ApiToken"}
# Knox reads this name where it declares that its own model can be swapped out.
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 a name
# Knox's own migrations would make its own token table all the same, which nothing fills and a flush trips over.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = openapi.SETTINGS

# --- Security -------------------------------------------------------------------------------------------------------

if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT
    CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
    if env.bool("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        # Else every sign-in would seem to come from the proxy, and one guesser would lock everybody out.
        ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        # The sign-in button's form is sent on to the other organisation.
        "form-action": [SELF, urljoin(OIDC_SERVER_URL, "/")] if OIDC_ON else [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "core.views.csrf_failure"

# --- Language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["pap_portal.formats"]

# --- The portal's own -----------------------------------------------------------------------------------------------

PORTAL_NAME = env.str("PORTAL_NAME", default="SEND improvement portal")
PARTNERSHIP_NAME = env.str("PARTNERSHIP_NAME", default="Local Area Partnership")
# Whom people write to for access; sign-in pages and emails say "the programme office" where it is empty.
OFFICE_EMAIL = env.str("OFFICE_EMAIL", default="")
MFA_TOTP_ISSUER = PORTAL_NAME
# The day the Priority Action Plan was approved: milestones imported without "Added on" count from it.
PLAN_APPROVED_ON = env.str("PLAN_APPROVED_ON", default="2025-04-01")
# The month inspectors are expected back: the burn-up chart runs to it.
REVISIT_EXPECTED = env.str("REVISIT_EXPECTED", default="2026-06")
# RAG of an area and of the plan, in percent of its milestones (board/key page prints these).
RAG_GREEN_FROM = env.int("RAG_GREEN_FROM", default=90)
RAG_RED_BELOW = env.int("RAG_RED_BELOW", default=75)
RAG_RED_DELAYED_FROM = env.int("RAG_RED_DELAYED_FROM", default=10)
# A milestone without an update for longer than this is stale.
STALE_AFTER_DAYS = env.int("STALE_AFTER_DAYS", default=35)
# After as many reviews in a row that gave a risk the same score, the next such one says why.
RISK_UNCHANGED_REVIEWS = env.int("RISK_UNCHANGED_REVIEWS", default=3)
# A month's return closes at the end of this working day of the next month.
RETURN_CUT_OFF_WORKING_DAY = env.int("RETURN_CUT_OFF_WORKING_DAY", default=5)
EVIDENCE_MAX_MB = env.int("EVIDENCE_MAX_MB", default=20)
SHEET_MAX_MB = env.int("SHEET_MAX_MB", default=20)
SHEET_MAX_ROWS = env.int("SHEET_MAX_ROWS", default=50_000)

# The service navigation: URL name, words, and the permission that shows it.
NAVIGATION = [
    ("home", "My work", "board.own_work"),
    ("dashboard", "Dashboard", "board.view_figures"),
    ("milestones:list", "Milestones", "milestones.view"),
    ("risks:list", "Risks", "risks.view"),
    ("month_list", "Months", "board.manage_months"),
    ("people_list", "People", "accounts.view_people"),
    ("import_list", "Imports", "board.import_sheets"),
]

# --- Web process (pap_portal/gunicorn.py) ---------------------------------------------------------------------------

WEB_BIND = env.str("WEB_BIND", default="0.0.0.0:8000")
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=4)
WEB_TIMEOUT = env.int("WEB_TIMEOUT", default=60)

# --- Errors and logs ------------------------------------------------------------------------------------------------

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    report_errors(SENTRY_DSN)
LOGGING = log_settings(readable=DEBUG, level=env.str("LOG_LEVEL", default="INFO"))
