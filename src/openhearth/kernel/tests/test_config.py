from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openhearth.kernel import config
from openhearth.kernel.config.paths import DataDirectoryError
from openhearth.kernel.tests.processes import SOURCES


def load(tmp_path: Path, text: str = "", **environ: str) -> config.Config:
    if text:
        (tmp_path / "hearth.toml").write_text(text, "utf-8")
    return config.load(tmp_path, environ)


def faults(tmp_path: Path, text: str = "", **environ: str) -> list[str]:
    with pytest.raises(config.ConfigError) as raised:
        load(tmp_path, text, **environ)
    return raised.value.faults


def test_without_file_and_environment_the_defaults_hold(tmp_path):
    found = load(tmp_path)
    assert (found.host, found.port, found.ssh.port) == ("127.0.0.1", 8000, 8022)
    assert found.url == "http://127.0.0.1:8000"
    assert not found.url_given
    assert found.registration == "closed"
    assert found.data == tmp_path


def test_environment_wins_over_file_and_options_over_both(tmp_path):
    (tmp_path / "hearth.toml").write_text("port = 1\n[ssh]\nport = 2\n[web]\nthreads = 3\n", "utf-8")
    environ = {"OPENHEARTH_SSH__PORT": "4", "OPENHEARTH_WEB__THREADS": "5", "HOME": "/"}
    found = config.load(tmp_path, environ, {"web.threads": 6})
    assert (found.port, found.ssh.port, found.web.threads) == (1, 4, 6)
    assert found.url == "http://127.0.0.1:1"


def test_values_of_every_kind_from_the_environment(tmp_path):
    found = load(
        tmp_path,
        OPENHEARTH_TRUSTED_PROXIES="10.0.0.0/8, ::1",
        OPENHEARTH_SSH__ENABLED="false",
        OPENHEARTH_LIMITS__PACK_BYTES="1.5 GiB",
        OPENHEARTH_LIMITS__FILE_BYTES="1000",
        OPENHEARTH_MAIL__FROM="forge@example.org",
        OPENHEARTH_REGISTRATION="open",
    )
    assert found.trusted_proxies == ("10.0.0.0/8", "::1")
    assert found.ssh.enabled is False
    assert found.limits.pack_bytes == 3 << 29
    assert found.limits.file_bytes == 1000
    assert found.mail.sender == "forge@example.org"
    assert found.registration == "open"


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("prot = 1", "hearth.toml: prot: ", "Did you mean port?"),
        ("[ssh]\nprot = 1", "hearth.toml: ssh.prot: ", "Did you mean ssh.port?"),
        ("[shh]\nport = 1", "hearth.toml: shh.port: ", "Did you mean ssh.port?"),
        ("data = '/x'", "hearth.toml: data: ", "there is no such key"),
        ("url_given = true", "hearth.toml: url_given: ", "there is no such key"),
        ("[mail]\nsender = 'a@b'", "hearth.toml: mail.sender: ", "there is no such key"),
        ("port = '80'", "hearth.toml: port: ", "must be a whole number from 0 to 65535, not '80'"),
        ("port = 65536", "hearth.toml: port: ", "from 0 to 65535, not 65536"),
        ("port = true", "hearth.toml: port: ", "not True"),
        ("registration = 'yes'", "hearth.toml: registration: ", 'one of "open", "approval", "closed"'),
        ("trusted_proxies = '10.0.0.0/8'", "hearth.toml: trusted_proxies: ", "a list of texts"),
        ("trusted_proxies = ['10.0.0.1/8']", "hearth.toml: trusted_proxies: ", "has host bits set"),
        ("url = 'code.example.org'", "hearth.toml: url: ", 'must look like "https://code.example.org"'),
        ("url = 'ftp://code.example.org'", "hearth.toml: url: ", "must look like"),
        ("url = 'https://code.example.org/'", "hearth.toml: url: ", "no slash at the end"),
        ("url = 'https://me@code.example.org'", "hearth.toml: url: ", "no user name"),
        ("url = 'https://code.example.org:99999'", "hearth.toml: url: ", "must look like"),
        ("url = 'https://Code.example.org'", "hearth.toml: url: ", "in small letters"),
        ("[limits]\npack_bytes = '2 parsecs'", "hearth.toml: limits.pack_bytes: ", "a size such as"),
        ("[limits]\npack_bytes = 0", "hearth.toml: limits.pack_bytes: ", "at least 1"),
        ("[database]\nurl = 'mysql://x/y'", "hearth.toml: database.url: ", "must begin with postgres://"),
        ("[database]\nurl = 'postgres://x'", "hearth.toml: database.url: ", "must name the database"),
        ("[cache]\nurl = 'memcached://x'", "hearth.toml: cache.url: ", "must begin with redis://"),
        ("ssh = 22", "hearth.toml: ssh: ", "there is no such key"),
        ("port = ", "hearth.toml: ", "is not TOML"),
    ],
)
def test_faults_of_the_file_name_place_and_rule(tmp_path, text, place, hint):
    (fault,) = faults(tmp_path, text)
    assert place in fault
    assert hint in fault


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("OPENHEARTH_SSH_PORT", "22", "Did you mean OPENHEARTH_SSH__PORT?"),
        ("OPENHEARTH_REGISTRATON", "open", "Did you mean OPENHEARTH_REGISTRATION?"),
        ("OPENHEARTH_PORT", "eighty", "must be a whole number from 0 to 65535, not 'eighty'"),
        ("OPENHEARTH_SSH__ENABLED", "maybe", "must be true or false, not 'maybe'"),
        ("OPENHEARTH_SERVICE_HOST", "tcp://10.0.0.1:80", "enableServiceLinks: false"),
    ],
)
def test_faults_of_the_environment_name_variable_and_rule(tmp_path, name, value, hint):
    (fault,) = faults(tmp_path, **{name: value})
    assert fault.startswith(f"{name}: ")
    assert hint in fault


def test_all_faults_are_told_at_once_and_secrets_never(tmp_path):
    found = faults(tmp_path, "port = 'x'\n[mail]\npassword = 12345\n", OPENHEARTH_DATABASE__URL="x://me:geheim@h/d")
    assert len(found) == 3
    assert not any("12345" in fault or "geheim" in fault for fault in found)


def test_variables_that_are_no_keys_are_left_alone(tmp_path):
    load(tmp_path, OPENHEARTH_DATA="/elsewhere", OPENHEARTH_TEST_DATABASE_URL="postgres://x/y")


def test_every_key_can_be_set_by_its_variable_and_has_a_meaning(tmp_path):
    rows = config.describe()
    assert 40 < len(rows) < 100
    assert len({row.variable for row in rows}) == len(rows)
    for row in rows:
        assert row.meaning.endswith("."), row.key
        assert row.type
    plain = {row.variable: row.default.strip('"[]') for row in rows if row.default not in ('""', "[]")}
    assert config.load(tmp_path, plain) == config.load(tmp_path, {})


def test_url_follows_the_port_unless_it_is_given(tmp_path):
    assert load(tmp_path, OPENHEARTH_HOST="::", OPENHEARTH_PORT="81").url == "http://[::1]:81"
    assert load(tmp_path, OPENHEARTH_HOST="0.0.0.0").url == "http://127.0.0.1:8000"  # noqa: S104
    given = load(tmp_path, OPENHEARTH_URL="https://code.example.org", OPENHEARTH_PORT="81")
    assert given.url_given
    assert config.with_address(given).url == "https://code.example.org"
    assert given.host_name == "code.example.org"


def test_data_directory_and_secrets_are_closed(tmp_path):
    data = tmp_path / "new" / "data"
    before = os.umask(0)
    try:
        found = config.load(data, {})
        first = config.secret_key(found)
        sealing = config.sealing_key(found)
    finally:
        os.umask(before)
    assert len(first) >= 64
    assert len(sealing) == 32
    assert first == config.secret_key(found)
    assert sealing == config.sealing_key(found)
    modes = {path.relative_to(data).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*")}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {modes[f"secrets/{name}.key"] for name in ("signing", "sealing")} == {0o600}
    assert not any(mode & 0o077 for mode in modes.values()), modes


def test_an_opened_secret_is_closed_again_and_a_torn_one_refused(tmp_path):
    found = config.load(tmp_path, {})
    config.secret_key(found)
    path = found.paths.secrets / "signing.key"
    path.chmod(0o644)
    config.secret_key(found)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("short")
    with pytest.raises(ValueError, match="cut short"):
        config.secret_key(found)


def test_racing_processes_agree_on_the_key(tmp_path):
    code = (
        "import os; from openhearth.kernel import config\n"
        "print(config.secret_key(config.load(__import__('pathlib').Path(os.environ['D']), {})))"
    )
    environ = {"D": str(tmp_path / "data"), "PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"]}

    def ask(_number: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
        ).stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1


def test_a_directory_of_somebody_else_is_not_closed_but_refused(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "thesis.odt").touch()
    with pytest.raises(DataDirectoryError, match="chmod 700"):
        config.prepare(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    (shared / "thesis.odt").rename(shared / "hearth.toml")
    config.prepare(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700


def test_postgresql_address_becomes_settings(tmp_path):
    url = "postgres://me:p%40ss@db.example.org:5433/hearth?sslmode=require"
    main = config.databases(load(tmp_path, OPENHEARTH_DATABASE__URL=url))["default"]
    assert main["ENGINE"] == "django.db.backends.postgresql"
    assert (main["NAME"], main["USER"], main["PASSWORD"]) == ("hearth", "me", "p@ss")
    assert (main["HOST"], main["PORT"], main["CONN_MAX_AGE"]) == ("db.example.org", "5433", None)
    assert main["OPTIONS"] == {"sslmode": "require"}
    socket = config.databases(load(tmp_path, OPENHEARTH_DATABASE__URL="postgres:///hearth?host=/run/pg"))
    assert (socket["default"]["HOST"], socket["default"]["NAME"]) == ("/run/pg", "hearth")


def test_cache_is_shared_by_processes(tmp_path):
    assert config.caches(load(tmp_path))["default"]["BACKEND"].endswith("DatabaseCache")
    shared = config.caches(load(tmp_path, OPENHEARTH_CACHE__URL="valkey://h:1/2"))["default"]
    assert (shared["BACKEND"], shared["LOCATION"]) == ("django.core.cache.backends.redis.RedisCache", "redis://h:1/2")
