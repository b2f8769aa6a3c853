from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from openhearth.code.repos.models import Collaborator, Repository
from openhearth.kernel import clock, config
from openhearth.kernel.database.watch import writes_forbidden
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.jobs.models import Job, State
from openhearth.kernel.mail.models import Mail
from openhearth.kernel.policy.engine import NotAllowed
from openhearth.operate.instance import actions
from openhearth.operate.instance.queries import machine, settings
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import browser, make_account
from openhearth.people.keys.models import Key
from openhearth.reach.feeds.models import Activity

pytestmark = pytest.mark.django_db(databases="__all__")

CANARY = "canary-91bd"
ADMIN_PAGES = (
    "administration",
    "admin_jobs",
    "admin_mail",
    "admin_repositories",
    "admin_settings",
    "accounts_admin",
)


@pytest.fixture(autouse=True)
def _data(data: Path) -> None:
    config.prepare(data)


@pytest.fixture
def keeper() -> Account:
    return make_account("keeper", is_admin=True)


def text(account: Account | None, address: str, status: int = 200) -> str:
    client = browser(account)
    with writes_forbidden():
        response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def failed(number: int = 1, **values: Any) -> list[Job]:
    now = clock.now()
    return Job.objects.bulk_create(
        Job(
            name="kernel.mail.prune",
            state=values.get("state", State.DEAD),
            run_after=now + timedelta(seconds=index),
            max_attempts=9,
            attempts=9,
            finished_at=now,
            last_error=f"Traceback\nValueError: broken {index}",
        )
        for index in range(number)
    )


# --- the first page ---


def test_a_new_instance_says_how_its_administrator_comes_in() -> None:
    page = text(None, "/")
    assert "This instance is new" in page
    assert "one-time link" in page
    assert "--admin" in page


def test_visitors_see_what_was_pushed_for_everybody(keeper: Account) -> None:
    assert "Nothing public yet" in text(None, "/")
    for visibility in ("public", "internal", "private"):
        name = "open-door" if visibility == "public" else f"{CANARY}-{visibility}"
        Repository.objects.create(owner=keeper, name=name, visibility=visibility, pushed_at=clock.now())
    page = text(None, "/")
    assert "open-door" in page
    assert CANARY not in page
    assert reverse("account_signup") not in page


def test_newcomers_are_led_to_their_first_push(keeper: Account) -> None:
    me = make_account("newcomer")
    page = text(me, "/")
    assert "To your first push" in page
    assert page.count("btn primary sm") == 1
    assert reverse("settings_keys") in page
    Key.objects.create(account=me, title="x", type="ssh-ed25519", fingerprint="SHA256:y", blob="AAAA", bits=256)
    row = Repository.objects.create(owner=me, name="first", visibility="private")
    page = text(me, "/")
    assert "Show the commands" in page
    assert page.count("btn primary sm") == 1
    Activity.objects.create(
        kind="push",
        repository=row,
        actor=me,
        source="x",
        details={"total": 1, "moves": [{"ref": "refs/heads/main", "old": "0" * 40, "new": "a" * 40}]},
    )
    page = text(me, "/")
    assert "To your first push" not in page
    assert "newcomer" in page
    assert "created the branch" in page


def test_the_dashboard_forgets_what_one_may_no_longer_see(keeper: Account) -> None:
    me = make_account("amara")
    row = Repository.objects.create(owner=keeper, name=CANARY, visibility="private")
    role = Collaborator.objects.create(repository=row, account=me, role=30)
    Activity.objects.create(kind="created", repository=row, actor=me, source="x")
    assert CANARY in text(me, "/")
    assert CANARY in text(me, "/?show=mine")
    role.delete()
    assert CANARY not in text(me, "/")
    assert CANARY not in text(me, "/?show=mine")
    assert CANARY not in text(None, "/amara")


def test_the_dashboard_costs_the_same_with_much_on_it() -> None:
    me = make_account("amara")

    def cost() -> int:
        client = browser(me)
        client.get("/")
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/").status_code == 200
        return len(asked)

    def happen(number: int) -> None:
        for index in range(number):
            row = Repository.objects.create(owner=me, name=f"r{Repository.objects.count()}", visibility="public")
            Activity.objects.create(kind="created", repository=row, actor=me, source=f"{row.pk}-{index}")

    happen(1)
    few = cost()
    happen(50)
    assert cost() == few
    page = text(me, "/")
    assert "before=" in page
    assert "r7" in text(me, "/?find=r7")
    assert text(me, "/?before=99999999&find=%00")


# --- what everybody may know ---


def test_host_keys_are_shown_as_ssh_shows_them(data: Path) -> None:
    assert "No keys yet" in text(None, "/-/ssh")
    folder = data / "secrets" / "ssh"
    folder.mkdir()
    for kind in ("ed25519", "ecdsa"):
        make = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(folder / f"{kind}.key")]
        subprocess.run(make, check=True)
        (folder / f"{kind}.key.pub").rename(folder / f"{kind}.pub")
    page = text(None, "/-/ssh")
    for file in folder.glob("*.pub"):
        said = subprocess.run(["ssh-keygen", "-lf", str(file)], capture_output=True, text=True, check=True).stdout
        assert said.split()[1] in page
    assert "PRIVATE KEY" not in page
    assert "]:8022 ssh-ed25519 " in page


def test_robots_are_kept_from_what_is_endless() -> None:
    response = browser().get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    assert b"Disallow: /*/*/commit/" in response.content


def test_about_and_the_foot(keeper: Account) -> None:
    assert "About this instance" in text(None, "/-/about")
    assert 'href="/-/ssh"' in text(None, "/")


# --- administration ---


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_administration_exists_only_for_administrators(keeper: Account, name: str) -> None:
    address = reverse(name)
    assert "aria-current" in text(keeper, address)
    for stranger in (None, make_account("amara")):
        text(stranger, address, status=404)


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_one_navigation_leads_to_all_pages(keeper: Account, name: str) -> None:
    page = text(keeper, reverse(name))
    assert all(f'href="{reverse(other)}"' in page for other in ADMIN_PAGES)


def test_the_overview_counts_and_checks(keeper: Account, data: Path) -> None:
    make_account("waits", state="pending")
    failed(2)
    (data / "run.json").write_text(
        '{"started": "2026-01-02T03:04:05+00:00", "parts": [{"name": "web", "state": "failing"}]}'
    )
    page = text(keeper, "/-/admin")
    assert "1 waits to be let in" in page
    assert "2 failed" in page
    assert "web dies again and again" in page
    assert 'datetime="2026-01-02T03:04:05Z"' in page
    (data / "run.json").write_text("{ broken")
    assert "not started by" in text(keeper, "/-/admin")


def test_late_jobs_and_a_full_disk_are_faults() -> None:
    Job.objects.create(name="kernel.mail.prune", run_after=clock.now() - timedelta(hours=1), max_attempts=1)
    space = machine.Disk(total=1000, free=10, database=5)
    checks = machine.checks(space, machine.Running(None, (), ()), machine.job_counts())
    faults = " ".join(check.fault for check in checks if not check.is_note)
    assert "has waited for 60 minutes" in faults
    assert "Only 10 B are free" in faults


def test_repositories_of_others_are_counted_and_not_named(keeper: Account) -> None:
    other = make_account("amara")
    Repository.objects.create(owner=other, name=CANARY, visibility="private", size_bytes=5_000_000)
    Repository.objects.create(owner=other, name="open-door", visibility="public", size_bytes=10)
    for address in ("/-/admin/repositories", "/-/admin", "/-/admin/repositories?sort=pushed&page=9"):
        page = text(keeper, address)
        assert "open-door" in page
        assert CANARY not in page
    assert "1 repository more, with 5 MB, is private" in text(keeper, "/-/admin/repositories")


def test_settings_are_shown_without_secrets(keeper: Account, tmp_path: Path) -> None:
    (tmp_path / "hearth.toml").write_text(
        f'[mail]\nhost = "smtp.example"\npassword = "{CANARY}"\n'
        f'[database]\nurl = "postgres://hearth:{CANARY}@db.example/x"\n'
    )
    before = config.current()
    config.install(config.load(tmp_path, {}))
    try:
        page = text(keeper, "/-/admin/settings")
        listed = {row.key: row for section in settings.sections() for row in section.settings}
    finally:
        config.install(before)
    assert CANARY not in page
    assert "smtp.example" in page
    assert settings.HIDDEN in listed["mail.password"].value
    assert listed["mail.password"].is_set
    assert not listed["ssh.port"].is_set


def test_mails_are_read_by_administrators_alone(keeper: Account) -> None:
    mail = Mail.objects.create(
        sender="noreply@x", to="amara@example.org", subject="<b>Reset", text=f"Open {CANARY}", message=b""
    )
    one = reverse("admin_mail_one", kwargs={"number": mail.pk})
    assert "&lt;b&gt;Reset" in text(keeper, reverse("admin_mail"))
    assert CANARY not in text(keeper, reverse("admin_mail"))
    assert CANARY in text(keeper, one)
    assert browser(keeper).get(one)["Cache-Control"] == "no-store"
    text(make_account("amara"), one, status=404)
    text(keeper, reverse("admin_mail_one", kwargs={"number": 10**15}), status=404)
    Mail.objects.bulk_create(
        Mail(sender="x", to="y@example.org", subject=f"s{index}", text="", message=b"") for index in range(60)
    )
    assert "before=" in text(keeper, reverse("admin_mail"))
    assert one in text(keeper, reverse("admin_mail") + f"?before={mail.pk + 5}&state=kept")


# --- jobs ---


def post(account: Account | None, **values: object) -> Any:
    return browser(account).post(reverse("admin_jobs"), values)


def test_failed_jobs_are_retried_and_discarded(keeper: Account) -> None:
    first, second = failed(2)
    page = text(keeper, reverse("admin_jobs"))
    assert "ValueError: broken 1" in page
    assert post(keeper, act="retry", job=first.pk).status_code == 303
    assert post(keeper, act="discard", job=second.pk).status_code == 303
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, second.state) == (State.READY, 0, State.DISCARDED)
    names = list(EventRow.objects.order_by("pk").values_list("name", "actor_id"))
    assert names == [("instance.job_retried", keeper.pk), ("instance.job_discarded", keeper.pk)]


def test_what_was_dealt_with_is_refused_with_the_page_again(keeper: Account) -> None:
    (job,) = failed(1, state=State.RUNNING)
    for values in ({"act": "retry", "job": job.pk}, {"act": "discard", "job": job.pk}, {"act": "x", "job": "1"}):
        assert post(keeper, **values).status_code == 422
    assert post(keeper, act="retry", job="9" * 30).status_code == 422
    assert post(keeper, act="retry", job="x").status_code == 422
    assert not EventRow.objects.exists()


def test_all_failed_jobs_are_retried_at_once(keeper: Account) -> None:
    failed(3)
    response = post(keeper, act="retry_all")
    assert "done=all-3" in response["Location"]
    assert not Job.objects.filter(state=State.DEAD).exists()
    assert "3 jobs run again" in text(keeper, response["Location"])


def test_jobs_are_the_administrators_matter() -> None:
    (job,) = failed(1)
    person = make_account("amara")
    for account in (None, person):
        for act in ("retry", "discard", "retry_all"):
            assert post(account, act=act, job=job.pk).status_code == 404
    for act in (actions.retry_job, actions.discard_job):
        with pytest.raises(NotAllowed):
            act(actor=actor_of(person), job_id=job.pk)
    with pytest.raises(NotAllowed):
        actions.retry_all(actor=actor_of(person))
    job.refresh_from_db()
    assert job.state == State.DEAD


@pytest.mark.parametrize("state", ["failed", "waiting", "running"])
def test_thousands_of_jobs_cost_as_many_questions_as_a_few(keeper: Account, state: str) -> None:
    address = f"{reverse('admin_jobs')}?state={state}"
    client = browser(keeper)
    kind = {"failed": State.DEAD, "waiting": State.READY, "running": State.RUNNING}[state]

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    for job in failed(2, state=kind):
        Job.objects.filter(pk=job.pk).update(started_at=clock.now())
    client.get(address)
    few = cost()
    failed(3000, state=kind)
    Job.objects.update(started_at=clock.now(), progress_text="Receiving", progress_percent=40)
    assert cost() == few
    page = text(keeper, address)
    assert page.count('<li class="row">') == 50
    assert "page=61" in page
    assert "3k" in page


def test_unknown_jobs_do_not_break_the_page(keeper: Account) -> None:
    Job.objects.create(name="gone.job", args={"x": "</script>"}, run_after=clock.now(), max_attempts=1)
    page = text(keeper, reverse("admin_jobs") + "?state=waiting")
    assert "unknown to this version" in page
    assert '</script>"' not in page
