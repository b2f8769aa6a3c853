"""Clock, ids, logs, metrics, health."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from openhearth.kernel import clock, health, ids, log, metrics
from openhearth.kernel.tests import processes


def test_clock_is_utc_and_can_be_stopped():
    assert clock.now().tzinfo is UTC
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    with clock.freeze(noon) as stopped:
        assert clock.now() == noon
        assert clock.now().tzinfo is UTC
        stopped.move(days=1)
        assert clock.now() == noon + timedelta(days=1)
        with clock.freeze():
            assert clock.now() != stopped.at
    with pytest.raises(ValueError, match="aware"), clock.freeze(datetime(2026, 1, 1)):  # noqa: DTZ001
        pass


def test_ids_are_unique_and_in_order_of_time(monkeypatch):
    made = [ids.new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {uuid.UUID(one).version for one in made} == {7}
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}
    monkeypatch.setattr(ids.time, "time_ns", lambda: 2_000_000_000_000_000_000)
    assert ids.new_id() > max(made)


def test_node_ids_go_there_and_back():
    assert ids.node_id("Repository", 12) == "UmVwb3NpdG9yeToxMg=="
    assert ids.parse_node_id("UmVwb3NpdG9yeToxMg==") == ("Repository", 12)
    for wrong in ("", "x", "%%%", ids.node_id("User", -1), "VXNlcjowMTI=", "w6Q6MQ=="):
        assert ids.parse_node_id(wrong) is None
    with pytest.raises(ValueError):
        ids.node_id("a:b", 1)


def test_tokens_carry_their_checksum():
    token = ids.make_token("ohp_")
    assert len(token) == 4 + 30 + 6
    assert token != ids.make_token("ohp_")
    assert ids.check_token(token, "ohp_")
    assert not ids.check_token(token, "oho_")
    assert not ids.check_token(token[:-1], "ohp_")
    assert not ids.check_token(token + "0", "ohp_")
    for place in (4, 20, 39):
        other = "a" if token[place] != "a" else "b"
        assert not ids.check_token(token[:place] + other + token[place + 1 :], "ohp_")
    assert not ids.check_token("ohp_" + "ä" * 36, "ohp_")
    assert ids.digest("x") == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert ids.same("ä", "ä")
    assert not ids.same("ä", "a")


SECRET = ids.make_token("hearthp_")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("clone of https://me:geheim@example.org/x failed", "geheim"),
        ("Authorization: Basic bWU6Z2VoZWlt", "bWU6Z2VoZWlt"),
        ("{'Authorization': 'Bearer geheim'}", "geheim"),
        ("Cookie: sessionid=geheim; csrftoken=abc", "geheim"),
        ("password=geheim&name=me", "geheim"),
        ('{"password": "geheim"}', "geheim"),
        (f"the token {ids.make_token('ghp_')} is known", "ghp_"),
    ],
)
def test_secrets_do_not_reach_the_log(text, hidden):
    assert hidden in text
    assert hidden not in log.hide(text)
    assert log.hide("a push to alice/secret-garden failed") == "a push to alice/secret-garden failed"


@pytest.fixture
def logs(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def written(form: str) -> list[str]:
        log.setup("info", form)
        logger = logging.getLogger("openhearth.tests")
        with log.request("r1"):
            logger.info("forged\nline %s", "x", extra={"size": 3})
        try:
            raise RuntimeError("password=geheim")  # noqa: TRY301
        except RuntimeError:
            logger.exception("trouble")
        logger.debug("unseen")
        return capsys.readouterr().err.splitlines()

    yield written
    root.handlers[:], root.level = before


def test_json_logs_are_one_object_for_each_message(logs):
    first, second = [json.loads(line) for line in logs("json")]
    assert (first["message"], first["request"], first["size"]) == ("forged\\nline x", "r1", 3)
    assert (first["level"], first["logger"]) == ("info", "openhearth.tests")
    assert datetime.fromisoformat(first["at"]).tzinfo
    assert "request" not in second
    assert "RuntimeError" in second["trace"]
    assert "geheim" not in second["trace"]


def test_text_logs_have_one_line_for_each_message(logs):
    lines = logs("text")
    assert lines[0].endswith("info    openhearth.tests [r1]: forged\\nline x size=3")
    assert lines[1].endswith("error   openhearth.tests: trouble")
    assert not any("geheim" in line for line in lines)


COUNT = """
import os
from openhearth.kernel import metrics
requests = metrics.counter("t_requests_total", "Requests.", ("kind",))
seconds = metrics.histogram("t_seconds", "Seconds.", buckets=(1, 2))
requests.inc("a")
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        requests.inc("a", by=2)
        requests.inc("b")
        seconds.observe(1.5)
        os._exit(0)
    os.waitpid(pid, 0)
print(metrics.render().decode())
metrics.reset()
"""


def test_metrics_add_up_over_processes(tmp_path):
    lines = processes.run(tmp_path, COUNT).splitlines()
    assert 't_requests_total{kind="a"} 5.0' in lines
    assert 't_requests_total{kind="b"} 2.0' in lines
    assert 't_seconds_bucket{le="1.0"} 0.0' in lines
    assert 't_seconds_bucket{le="2.0"} 2.0' in lines
    assert not list((tmp_path / "tmp" / "metrics").iterdir())


def test_metrics_have_unique_names():
    metrics.counter("t_once_total", "Once.")
    with pytest.raises(ValueError, match="Two metrics"):
        metrics.histogram("t_once_total", "Twice.")


def test_health_tells_what_people_may_know(monkeypatch, caplog):
    monkeypatch.setattr(health, "_checks", {})

    def disk() -> None:
        raise health.Unhealthy("the disk is full")

    def database() -> None:
        raise RuntimeError("password=geheim at 10.0.0.3")

    health.register("disk", disk)
    health.register("database", database)
    health.register("all_well", lambda: None)
    with caplog.at_level(logging.ERROR, "openhearth.health"):
        found = {finding.name: finding.fault for finding in health.findings()}
    assert found == {"all_well": "", "database": "the check failed; the log says why", "disk": "the disk is full"}
    assert [finding.healthy for finding in health.findings()] == [True, False, False]
    with pytest.raises(ValueError, match="Two health checks"):
        health.register("disk", database)
