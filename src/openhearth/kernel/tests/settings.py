"""Django's settings with the kernel alone: for child processes of the kernel's tests, which start fast.

OPENHEARTH_TEST_SETTINGS=openhearth.kernel.tests.settings runs tests of git and kernel without the capabilities.
"""

from openhearth.kernel import config

_config = config.current()

SECRET_KEY = config.secret_key(_config)
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["openhearth.kernel.jobs", "openhearth.kernel.events"]
DATABASES = config.databases(_config)
DATABASE_ROUTERS = ["openhearth.kernel.database.router.CacheRouter"]
CACHES = config.caches(_config)
