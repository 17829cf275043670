"""Django settings. Everything an operator may set comes from the environment; `alta check` says what is wrong.

DATABASE_URL      a PostgreSQL 15+ of your own; without it Alta runs an embedded one under ALTA_HOME
ALTA_HOME         where the embedded database, the secret key and logs live (default ./var)
ALTA_SECRET_KEY   signs sessions and encrypts stock secrets; made and kept in ALTA_HOME when not given
ALTA_HOSTS        comma-separated host names that the web server answers to (default localhost)
ALTA_ORIGINS      comma-separated https origins allowed to post forms (behind a proxy)
ALTA_HTTPS        1 when served behind HTTPS: secure cookies and HSTS
ALTA_<SYSTEM>_…   settings of each connector: see docs/connectors.md and `alta check`
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from alta.postgres import database_settings, home, secret_key

PACKAGE = Path(__file__).parent
HOME = home()
SECRET_KEY = secret_key()
DEBUG = False
HTTPS = os.environ.get("ALTA_HTTPS") == "1"
ALLOWED_HOSTS = [*os.environ.get("ALTA_HOSTS", "localhost,127.0.0.1,[::1]").split(",")]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("ALTA_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "alta.accounts",
    "alta.audit",
    "alta.connectors",
    "alta.playbooks",
    "alta.customers",
    "alta.inventory",
    "alta.catalog",
    "alta.services",
    "alta.billing",
    "alta.documents",
    "alta.runner",
    "alta.installations",
    "alta.orders",
    "alta.renewals",
    "alta.search",
    "alta.web",
    "alta.api",
    "alta.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "alta.web.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "alta.web.middleware.SessionNoted",
    "alta.web.middleware.SignInRequired",
    "alta.web.middleware.PermissionRequired",
    "alta.web.middleware.RefusalAnswers",
]

ROOT_URLCONF = "alta.urls"
ASGI_APPLICATION = "alta.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alta.web.context.page",
            ],
            "builtins": ["alta.web.templatetags.alta"],
        },
    }
]

DATABASES = {"default": database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "es"
FORMAT_MODULE_PATH = "alta.locale"
LANGUAGES = [("es", "Español"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("ALTA_TIME_ZONE", "UTC")

STATIC_URL = "/static/"
STATIC_ROOT = None  # WhiteNoise serves the files from where they are
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
# Uploaded files may hold secrets, so they stay in memory; larger ones never arrive at a view.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 9_000_000

# WhiteNoise reads files synchronously; for our few small ones that is well.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "queue"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("ALTA_LOG", "WARNING")},
    "loggers": {"alta": {"level": os.environ.get("ALTA_LOG", "INFO")}},
}
