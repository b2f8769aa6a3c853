"""Django's settings, made from the typed configuration (`kernel.config`). No capability reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openhearth.kernel import config as _config
from openhearth.site.capabilities import CAPABILITIES, KERNEL_APPS

_c = _config.current()
_root = Path(__file__).resolve().parent.parent
_public = urlsplit(_c.url)
_https = _public.scheme == "https"

DEBUG = False
SECRET_KEY = _config.secret_key(_c)
ROOT_URLCONF = "openhearth.site.urls"
WSGI_APPLICATION = "openhearth.site.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # names are unique without case, by `name_key`

# --- what it consists of ---

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "allauth",
    "allauth.account",
    *KERNEL_APPS,
    "openhearth.web",
    *CAPABILITIES,
]


MIDDLEWARE = [  # from outside in; the order is explained in web/middleware.py
    "openhearth.web.middleware.Frame",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "openhearth.people.accounts.web.ActorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "openhearth.web.middleware.Reading",
    "openhearth.web.middleware.Refusals",
]

# --- data ---

DATABASES: dict[str, Any] = _config.databases(_c)
DATABASE_ROUTERS = ["openhearth.kernel.database.router.CacheRouter"]
CACHES: dict[str, Any] = _config.caches(_c)
DATA_UPLOAD_MAX_MEMORY_SIZE = _c.limits.form_bytes  # the bridge has refused more already
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = str(_c.paths.tmp)
FILE_UPLOAD_PERMISSIONS = 0o600
DEFAULT_EXCEPTION_REPORTER_FILTER = "django.views.debug.SafeExceptionReporterFilter"

# --- language and time ---

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_COOKIE_NAME = "lang"
LOCALE_PATHS = [_c.paths.tmp / "locale", _root / "locale"]

# --- pages ---

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [
            _root / "web" / "templates",
            *(_root.joinpath(*name.split(".")[1:]) / "templates" for name in CAPABILITIES),
        ],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "openhearth.web.templating.environment"},
    },
]
FORM_RENDERER = "django.forms.renderers.Jinja2"

# --- addresses, cookies, headers ---

ALLOWED_HOSTS = ["*"]  # the host is judged by web.middleware against `url` (421), not by Django
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.netloc else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # web.middleware lets only proxies' own pass
SECURE_CONTENT_TYPE_NOSNIFF = True
USE_X_FORWARDED_HOST = False

_prefix = "__Host-" if _https else ""  # such a cookie comes from this host alone, over https, for all paths
SESSION_COOKIE_NAME = f"{_prefix}session"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_SAVE_EVERY_REQUEST = False  # a GET writes nothing
SESSION_ENGINE = "openhearth.people.sessions.models"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"

CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "openhearth.web.errors.csrf_failure"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- accounts ---

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["openhearth.kernel.passwords.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
]
PASSWORD_RESET_TIMEOUT = 3600

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # our own link proves the address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme or "http"
ACCOUNT_RATE_LIMITS = {"login_failed": f"{_c.limits.sign_in_attempts}/5m/ip,{_c.limits.sign_in_attempts}/5m/key"}

# --- mail and logs ---

EMAIL_BACKEND = "openhearth.kernel.mail.backend.StoringBackend"
DEFAULT_FROM_EMAIL = _c.mail.sender or f"noreply@{_public.hostname or 'localhost'}"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
LOGGING_CONFIG = None  # kernel.log sets up logging
