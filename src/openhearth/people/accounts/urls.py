"""Addresses of accounts. The names beginning with `account_` are those that allauth's code asks for."""

from __future__ import annotations

from openhearth.people.accounts.web import administration, entrance, first, password, settings
from openhearth.web.routes import page

_FORM = ("GET", "HEAD", "POST")

urlpatterns = [
    page("-/sign-in", entrance.sign_in, name="account_login", permission="site.visit", methods=_FORM),
    page("-/sign-out", entrance.sign_out, name="account_logout", permission="site.visit", methods=("POST",)),
    page("-/sign-up", entrance.sign_up, name="account_signup", permission="site.visit", methods=_FORM),
    page("-/sign-in/inactive", entrance.inactive, name="account_inactive", permission="site.visit"),
    page("-/first/<str:secret>", first.first, name="account_first", permission="site.visit", methods=_FORM),
    page("-/password/reset", password.ask, name="account_reset_password", permission="site.visit", methods=_FORM),
    page("-/password/reset/sent", password.sent, name="account_reset_password_done", permission="site.visit"),
    page(
        "-/password/reset/key/<str:key>",
        password.choose,
        name="account_reset_password_from_key",
        permission="site.visit",
        methods=_FORM,
    ),
    page(
        "-/email/confirm/<str:key>",
        password.confirm,
        name="account_confirm_email",
        permission="site.visit",
        methods=_FORM,
    ),
    page("-/settings", settings.begin, name="settings", permission="account.update", load="me"),
    page(
        "-/settings/profile",
        settings.profile,
        name="settings_profile",
        permission="account.update",
        load="me",
        methods=_FORM,
    ),
    page(
        "-/settings/preferences",
        settings.preferences,
        name="settings_preferences",
        permission="account.update",
        load="me",
        methods=_FORM,
    ),
    page(
        "-/settings/account",
        settings.account_page,
        name="settings_account",
        permission="account.update",
        load="me",
        methods=_FORM,
    ),
    page(
        "-/settings/sessions",
        settings.sessions_page,
        name="settings_sessions",
        permission="account.update",
        load="me",
        methods=_FORM,
    ),
    page(
        "-/admin/accounts",
        administration.people,
        name="accounts_admin",
        permission="site.administer",
        methods=_FORM,
    ),
    page(
        "-/admin/accounts/new",
        administration.new,
        name="accounts_admin_new",
        permission="site.administer",
        methods=_FORM,
    ),
    page(
        "-/admin/accounts/of/<str:name>",
        administration.one,
        name="accounts_admin_one",
        permission="account.administer",
        load="account",
        methods=_FORM,
    ),
]
