"""Django's settings, every choice of an operator read from the environment (README, "Settings")."""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config import environment, static_files

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

DATA_DIR = Path(environment.text("CARTERIA_DATA", str(BASE_DIR / "var"))).resolve()
DEBUG = environment.flag("DEBUG")
REDIS_URL = environment.text("REDIS_URL")
CLAMD_ADDRESS = environment.text("CLAMD_ADDRESS")
TEST_SIGNATURES = environment.flag("CARTERIA_TEST_SIGNATURES")
DEMO_SMTP = environment.text("CARTERIA_DEMO")  # host:port; set by `up --demo`, by nobody else
DEMO_CUSTOMER_INBOX = "/demo/" if DEMO_SMTP else ""
EXTERNAL_URL = environment.text("EXTERNAL_URL")
PRIVATE_HOSTS = environment.networks("CARTERIA_PRIVATE_HOSTS")  # ranges that settings may name
DNS_SERVERS = environment.name_servers("CARTERIA_DNS_SERVERS")  # for looking up mail's domains


def _secret(name: str) -> str:
    """A secret from the environment, else the one that `up` made in the data folder."""
    kept = DATA_DIR / "secrets" / name.lower()
    value = environment.text(name) or (kept.read_text().strip() if kept.exists() else "")
    if not value and not DEBUG:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it (or {name}_FILE), or start once with"
            " `python3 manage.py up`."
        )
    return value or "only-for-debugging"


SECRET_KEY = _secret("SECRET_KEY")
CARTERIA_KEYS = [key.strip() for key in _secret("CARTERIA_KEY").split(",") if key.strip()]

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", EXTERNAL_URL)

INSTALLED_APPS = [
    "config.apps.CarteriaAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "apps.core",
    "apps.agents",
    "apps.channels.apps.EmailChannels",
    "apps.attachments",
    "apps.storage",
    "apps.queues",
    "apps.crm",
    "apps.tickets",
    "apps.console",
    "apps.reports",
    "config.apps.Config",
]

MIDDLEWARE = [
    "apps.core.middleware.log_trace",
    "apps.core.middleware.content_security_policy",  # outside of all that may answer by itself
    "django.middleware.security.SecurityMiddleware",
    "apps.core.static_serving.StaticFiles",
    "apps.core.logins.Logins",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.actors.remember_request",
    "apps.core.middleware.reader_settings",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.logins.follow_logins",
    "apps.core.second_factor.require_second_factor",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

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
            ],
        },
    }
]


# A server that vanished without a word, as when another takes over from it, is given up after half
# a minute; the system's own patience is a quarter of an hour. What the URL says counts more.
_PATIENCE = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # ms
}


def _database() -> dict[str, Any]:
    url = environment.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'carteria.sqlite3'}")
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    if "sqlite" in database["ENGINE"]:
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        # A worker's threads keep their connection; a broken one is noticed before it is used.
        database |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
        database["OPTIONS"] = _PATIENCE | database.get("OPTIONS", {})
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            # Pub/sub has no buffer: the browser reads its state again when it reconnects.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "apps.core.lockout.LockBackend",
    "django.contrib.auth.backends.ModelBackend",
    "apps.core.rights.RoleBackend",
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600  # of an invitation; a forgotten password's link ends earlier
SESSION_COOKIE_HTTPONLY = True

# Sign-in: allauth's pages, as far as config/urls.py shows them. What an administrator chooses is
# the row SignInSettings.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES")
ACCOUNT_ADAPTER = "apps.console.people.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.console.people.forms.SignInForm",
    "change_password": "apps.console.people.forms.ChangeForm",
    "reset_password": "apps.console.people.forms.ForgottenForm",
    "user_token": "apps.console.people.forms.LinkForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}  # our form finds the name that belongs to an address
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USERNAME_MIN_LENGTH = 1
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}  # the lock is axes', in the database
MFA_ADAPTER = "apps.console.people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "apps.console.people.forms.CodeForm",
    "reauthenticate": "apps.console.people.forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Carteria"
MFA_TOTP_TOLERANCE = 1  # clocks of phones

AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time to wait is what we said
AXES_SENSITIVE_PARAMETERS = ["login", "username", "email", "ip_address", "code", "next"]
AXES_CLIENT_IP_CALLABLE = "apps.core.lockout.counted_address"
AXES_CLIENT_STR_CALLABLE = "apps.core.lockout.nobody"
AXES_USERNAME_CALLABLE = "apps.core.lockout.counted_name"
AXES_LOCKOUT_PARAMETERS = "apps.core.lockout.counted_by"
AXES_FAILURE_LIMIT = "apps.core.lockout.failure_limit"
AXES_COOLOFF_TIME = "apps.core.lockout.cool_off"
AXES_HANDLER = "apps.core.lockout.Lock"
AXES_LOCKOUT_CALLABLE = "apps.console.people.locked.locked"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/" if DEBUG else static_files.address_of(BASE_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True  # one command, no collectstatic
WHITENOISE_MAX_AGE = 0 if DEBUG else static_files.FOR_GOOD

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# HTTPS is what the operator's EXTERNAL_URL says; the embedded start on loopback is plain HTTP.
_https = EXTERNAL_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside, where nothing is secret
# Subdomains, and lists that browsers are shipped with, are the domain owner's to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # a mail's own address says otherwise

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.core.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Carteria",
    "DESCRIPTION": "The email channel of the contact centre.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "SessionStatus": "apps.tickets.models.Session.Status",
        "MessageStatus": "apps.tickets.models.Message.Status",
        "TicketStatus": "apps.crm.models.Ticket.Status",
    },
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "apps.core.error_pages.Discreet"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "apps.core.logs.JsonLines"}},
    "filters": {"one warning": {"()": "apps.core.logs.OneWarning"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["one warning"]},  # anybody's port scan
        "axes": {"level": "ERROR"},
        # Servers and libraries come with handlers of their own; all lines go through ours.
        "django": {"handlers": [], "propagate": True},
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},  # paths
        "celery": {"handlers": [], "propagate": True},
        "httpx": {"level": "WARNING"},  # a line for each request would say nothing
    },
}
