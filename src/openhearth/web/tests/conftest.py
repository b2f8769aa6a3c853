import pytest

from openhearth.kernel import config, slots
from openhearth.web import shell

HTML = "text/html,application/xhtml+xml"


@pytest.fixture(autouse=True)
def small_instance(settings, monkeypatch):
    """The web layer alone, with the routes of tests/urls.py; no layer above answers."""
    monkeypatch.setattr(shell, "_may_register", [])
    monkeypatch.setattr(shell, "_remember", [])
    monkeypatch.setattr(slots, "_fillers", {})
    settings.ROOT_URLCONF = "openhearth.web.tests.urls"
    settings.MIDDLEWARE = [
        "openhearth.web.middleware.Frame",
        "django.middleware.csrf.CsrfViewMiddleware",
        "openhearth.web.tests.urls.Door",
        "openhearth.web.middleware.Reading",
        "openhearth.web.middleware.Refusals",
    ]


@pytest.fixture
def configured(tmp_path):
    """Change keys of the configuration for one test: `configured({"url": …})` (keys as in the environment)."""
    before = config.current()

    def change(**keys: str) -> None:
        config.install(config.load(tmp_path, {f"OPENHEARTH_{name.upper()}": value for name, value in keys.items()}))

    yield change
    config.install(before)
