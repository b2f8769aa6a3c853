"""Django's settings, made from the typed configuration (`kernel.config`). Nothing here is read by capabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openhearth.kernel import config as _config
from openhearth.site.capabilities import CAPABILITIES, KERNEL_APPS

_c = _config.current()
_root = Path(__file__).resolve().parent.parent

DEBUG = False
SECRET_KEY = _config.secret_key(_c)
ALLOWED_HOSTS = ["*"]  # the host is judged by web.middleware against `url` (421), not by Django
ROOT_URLCONF = "openhearth.site.urls"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [_root / "locale"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    *KERNEL_APPS,
    "openhearth.web",
    *CAPABILITIES,
]

AUTH_USER_MODEL = "accounts.Account"

DATABASES: dict[str, Any] = _config.databases(_c)
DATABASE_ROUTERS = ["openhearth.kernel.database.router.CacheRouter"]
CACHES: dict[str, Any] = _config.caches(_c)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [
            _root / "web" / "templates",
            *(_root.joinpath(*c.split(".")[1:]) / "templates" for c in CAPABILITIES),
        ],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "openhearth.web.templating.environment"},
    },
]
