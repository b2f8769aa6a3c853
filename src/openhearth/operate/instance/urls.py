"""Addresses of the instance."""

from __future__ import annotations

from openhearth.operate.instance.web import about, home, jobs, mails, overview
from openhearth.web.routes import page

_FORM = ("GET", "HEAD", "POST")

urlpatterns = [
    page("", home.home, name="home", permission="site.visit"),
    page("robots.txt", about.robots, name="robots", permission="site.visit"),
    page("-/about", about.about, name="about", permission="site.visit"),
    page("-/ssh", about.ssh_keys, name="ssh_keys", permission="site.visit"),
    page("-/admin", overview.overview, name="administration", permission="site.administer"),
    page("-/admin/repositories", overview.repositories, name="admin_repositories", permission="site.administer"),
    page("-/admin/settings", overview.settings, name="admin_settings", permission="site.administer"),
    page("-/admin/jobs", jobs.jobs, name="admin_jobs", permission="site.administer", methods=_FORM),
    page("-/admin/mails", mails.mails, name="admin_mail", permission="site.administer"),
    page("-/admin/mails/<int:number>", mails.one, name="admin_mail_one", permission="site.administer"),
]
