"""Administrators' page of background work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.kernel import clock
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.jobs import registry, reports
from openhearth.kernel.jobs.models import Job
from openhearth.kernel.jobs.reports import Counts
from openhearth.operate.instance import actions
from openhearth.people.accounts.web import admin_nav
from openhearth.web import pages
from openhearth.web.parts import Nav, Pager, Tab
from openhearth.web.requests import Request

PER_PAGE = 50
STATES = ("failed", "waiting", "running")


@dataclass(frozen=True, slots=True)
class Line:
    """One job: `meaning` says what it does, `reason` is the last line of its error, `error` all of it."""

    job: Job
    meaning: str
    arguments: str
    reason: str
    error: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Jobs of one state."""

    nav: Nav
    state: str
    tabs: tuple[Tab, ...]
    counts: Counts
    lines: tuple[Line, ...]
    total: int
    pager: Pager
    number: int
    done: str
    faults: tuple[Fault, ...]
    now: datetime


def jobs(request: Request) -> HttpResponse:
    """List the jobs of a state, or retry and discard one."""
    if request.method != "POST":
        return _show(request, done=_done(request))
    state = _state(request.POST.get("state", ""))
    try:
        code = _do(request)
    except Invalid as refused:
        return _show(request, faults=refused.faults, status=422)
    response = HttpResponseRedirect(f"{reverse('admin_jobs')}?state={state}&done={code}")
    response.status_code = 303
    return response


def _state(wanted: str) -> str:
    return wanted if wanted in STATES else STATES[0]


def _do(request: Request) -> str:
    """Do what the form asks for and return what to say of it."""
    act, number = request.POST.get("act", ""), request.POST.get("job", "")
    if act == "retry_all":
        return f"all-{actions.retry_all(actor=request.actor)}"
    if not (number.isascii() and number.isdecimal() and len(number) < 18) or act not in {"retry", "discard"}:
        raise invalid("", "unknown", _("This step is not known. Load the page again."))
    if act == "retry":
        actions.retry_job(actor=request.actor, job_id=int(number))
        return "retry"
    actions.discard_job(actor=request.actor, job_id=int(number))
    return "discard"


def _done(request: Request) -> str:
    code = request.GET.get("done", "")
    said = {"retry": _("The job runs again."), "discard": _("The job is discarded.")}
    number = code.removeprefix("all-")
    if number != code and number.isascii() and number.isdecimal() and len(number) < 6:
        count = int(number)
        return ngettext("%(count)d job runs again.", "%(count)d jobs run again.", count) % {"count": count}
    return said.get(code, "")


def _show(request: Request, *, done: str = "", faults: tuple[Fault, ...] = (), status: int = 200) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    state = _state(asked.get("state", ""))
    counts = reports.counts()
    found = Paginator(
        {"failed": reports.failures, "waiting": reports.waiting, "running": reports.under_way}[state](), PER_PAGE
    )
    shown = found.get_page(asked.get("page"))
    now = clock.now()
    here = reverse("admin_jobs")
    page = JobsPage(
        nav=admin_nav("jobs"),
        state=state,
        tabs=(
            Tab("failed", _("Failed"), here, count=counts.failed),
            Tab("waiting", _("Waiting"), f"{here}?state=waiting", count=counts.waiting),
            Tab("running", _("Running"), f"{here}?state=running", count=counts.running),
        ),
        counts=counts,
        lines=tuple(_line(job, now) for job in shown.object_list),
        total=found.count,
        pager=Pager(shown.number, found.num_pages, here, (("state", state),) if state != "failed" else ()),
        number=shown.number,
        done=done,
        faults=faults,
        now=now,
    )
    return pages.render(request, "instance/jobs.html", page, status=status)


def _line(job: Job, now: datetime) -> Line:
    try:
        meaning = registry.find(job.name).meaning
    except registry.UnknownJob:
        meaning = _("No code of this version knows this job; it waits for one that does, or for you to discard it.")
    lines = [line for line in job.last_error.strip().splitlines() if line.strip()]
    return Line(
        job=job,
        meaning=meaning,
        arguments=json.dumps(job.args, ensure_ascii=False) if job.args else "",
        reason=lines[-1].strip()[:300] if lines else "",
        error=job.last_error.strip() if len(lines) > 1 else "",
        is_due=job.run_after <= now,
    )
