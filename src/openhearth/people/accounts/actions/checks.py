"""What is wrong with the values of an account, field by field."""

from __future__ import annotations

from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openhearth.kernel.errors import Fault
from openhearth.people.accounts import queries, rules
from openhearth.people.accounts.models import Account

PASSWORD_MAX = 4096
LANGUAGES = ("", "en", "zh-Hans")
LABELS = {
    "display_name": gettext_lazy("Display name"),
    "bio": gettext_lazy("About you"),
    "location": gettext_lazy("Place"),
    "website": gettext_lazy("Website"),
}
LIMITS = {"display_name": 100, "bio": 400, "location": 100, "website": 200}


def text_fault(field: str, label: str, value: str, most: int, *, lines: bool = False) -> Fault | None:
    """Return what is wrong with a text: too long, or with characters that cannot be seen. None for a good one.

    `lines`: it may have line breaks.
    """
    if len(value) > most:
        text = _("%(label)s: %(length)d characters are more than the %(most)d it may have. Shorten it.")
        return Fault(field, "too-long", text % {"label": label, "length": len(value), "most": most})
    bad = rules.unseen_character(value, lines=lines)
    if bad:
        text = _("%(label)s: it holds a character that cannot be seen (%(code)s). Remove it.")
        return Fault(field, "unseen", text % {"label": label, "code": bad})
    return None


def name_faults(name: str) -> list[Fault]:
    """Return what is wrong with a new account name, nothing for a free and good one."""
    code = rules.name_fault(name)
    if code:
        return [Fault("name", code, _name_message(code, name))]
    if Account.objects.filter(name_key=rules.name_key(name)).exists():
        return [name_taken(name)]
    twin = Account.objects.filter(skeleton=rules.skeleton(name)).first()
    if twin:
        text = _("Name: “%(name)s” looks like the account %(twin)s. Choose one that cannot be mistaken for it.")
        return [Fault("name", "look-alike", text % {"name": name, "twin": twin.name})]
    return []


def name_taken(name: str) -> Fault:
    """Return the refusal of a name that an account has."""
    return Fault("name", "taken", _("Name: “%(name)s” is taken. Choose another.") % {"name": _short(name)})


def _name_message(code: str, name: str) -> str:
    texts = {
        "empty": _("Name: give one, for example %(suggestion)s."),
        "too-long": _("Name: “%(name)s” is longer than %(most)d characters."),
        "reserved": _("Name: “%(name)s” is kept for the instance's own pages. Choose another."),
        "first": _("Name: “%(name)s” must begin with a letter a–z or a digit."),
        "characters": _("Name: “%(name)s” may hold only letters a–z, digits, hyphens, dots and underscores."),
        "last": _("Name: “%(name)s” must end with a letter or a digit."),
        "double": _("Name: “%(name)s” has two signs in a row. Put a letter or digit between them."),
        "git-suffix": _("Name: “%(name)s” ends like an address of this site (.git, .wiki, .keys). Choose another."),
    }
    better = rules.suggest(name)
    text = texts[code] % {"name": _short(name), "most": rules.NAME_MAX, "suggestion": better or "lin-yue"}
    if better and code not in {"empty", "reserved"}:
        text += " " + _("Use %(suggestion)s.") % {"suggestion": better}
    return text


def _short(text: str) -> str:
    """Return a refused value as a message shows it: not endless, nothing unseen in it."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:60])
    return shown + ("…" if len(text) > 60 else "")


def _is_email(text: str) -> bool:
    if len(text) > 254 or not text.isprintable():
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def email_faults(email: str) -> list[Fault]:
    """Return what is wrong with a new mail address."""
    if not _is_email(email):
        text = _("Email: “%(email)s” is not a mail address. Use the form name@example.org.")
        return [Fault("email", "invalid", text % {"email": _short(email)})]
    known = EmailAddress.objects.filter(email=email.casefold()).exists()
    if known or queries.with_email(Account.objects.all(), email).exists():
        return [email_taken()]
    return []


def email_taken() -> Fault:
    """Return the refusal of an address that an account has."""
    text = _("Email: an account with this address exists. Sign in, or reset its password.")
    return Fault("email", "taken", text)


def password_faults(password: str | None, name: str, email: str) -> list[Fault]:
    """Return what is wrong with a new password; None stands for an account without one."""
    if password is None:
        return []
    if len(password) > PASSWORD_MAX:
        text = _("Password: longer than %(most)d characters.") % {"most": PASSWORD_MAX}
        return [Fault("password", "too-long", text)]
    if "\x00" in password:
        return [Fault("password", "unseen", _("Password: it holds a NUL character. Remove it."))]
    try:
        password_validation.validate_password(password, Account(name=name, email=email))
    except ValidationError as refused:
        return [Fault("password", "weak", _("Password: %(why)s") % {"why": " ".join(refused.messages)})]
    return []


def profile_faults(field: str, value: object) -> list[Fault]:
    """Return what is wrong with the value of a profile or settings field."""
    if field in LABELS:
        label = str(LABELS[field])
        fault = text_fault(field, label, str(value), LIMITS[field], lines=field == "bio")
        if fault:
            return [fault]
    if field == "website" and value:
        return _website_faults(str(value))
    if field == "language" and value not in LANGUAGES:
        return [Fault(field, "unknown", _("Language: choose English, Chinese or that of the browser."))]
    if field == "time_zone" and value and value not in available_timezones():
        text = _("Time zone: “%(zone)s” is none that is known here. Use a name like Asia/Shanghai.")
        return [Fault(field, "unknown", text % {"zone": _short(str(value))})]
    return []


def _website_faults(value: str) -> list[Fault]:
    try:
        URLValidator(schemes=["https", "http"])(value)
    except ValidationError:
        text = _("Website: “%(address)s” is no address. Begin it with https:// or http://.")
        return [Fault("website", "invalid", text % {"address": _short(value)})]
    return []
