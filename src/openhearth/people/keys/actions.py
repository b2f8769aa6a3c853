"""Every write to SSH keys."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openhearth.kernel import lastuse
from openhearth.kernel.errors import Fault, Invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.actions import text_fault
from openhearth.people.accounts.models import Account
from openhearth.people.keys import queries, rules
from openhearth.people.keys.events import KeyAdded, KeyRemoved
from openhearth.people.keys.models import Key

KEYS_MAX = 200
BATCH = 200


def add_key(*, actor: Actor, account: Account, text: str, title: str = "") -> Key:
    """Let a key act as `account`. `text` is the content of a `.pub` file; without a title its comment serves.

    Raises `Invalid` for what is no acceptable key, or one that this or another account has.
    """
    engine.require(actor, "account.add_key", account)
    faults = [fault for fault in [text_fault("title", _("Title"), title, rules.TITLE_MAX)] if fault]
    try:
        parsed = rules.parse(text)
    except rules.KeyFault as refused:
        raise Invalid(*faults, Fault("key", refused.code, _message(refused))) from None
    if faults:
        raise Invalid(*faults)
    _refuse_known(account, parsed.fingerprint)
    key = Key(
        account=account,
        title=title.strip() or parsed.comment[: rules.TITLE_MAX] or rules.NAMES[parsed.type],
        type=parsed.type,
        fingerprint=parsed.fingerprint,
        blob=parsed.blob,
        comment=parsed.comment,
        bits=parsed.bits,
    )
    try:
        with transaction.atomic():
            key.save()
            emit(KeyAdded(account.pk, key.pk, key.fingerprint), actor=actor, target=account)
    except IntegrityError:
        _refuse_known(account, parsed.fingerprint)
        raise
    return key


def _refuse_known(account: Account, fingerprint: str) -> None:
    known = Key.objects.filter(fingerprint=fingerprint).first()
    if known is None:
        if Key.objects.filter(account=account).count() >= KEYS_MAX:
            text = _("Key: the account has %(most)d keys already. Remove those that you no longer hold.")
            raise Invalid(Fault("key", "too-many", text % {"most": KEYS_MAX}))
        return
    if known.account_id == account.pk:
        text = _("Key: you have added this key already, as “%(title)s”.") % {"title": known.title}
    else:
        text = _("Key: another account uses this key. A key stands for one account: make a new one for this account.")
    raise Invalid(Fault("key", "taken", text))


def _message(fault: rules.KeyFault) -> str:
    texts = {
        "empty": _("Key: paste the content of a file that ends in .pub, for example ~/.ssh/id_ed25519.pub."),
        "too-long": _("Key: longer than %(most)d characters. Paste one public key, the content of a .pub file."),
        "private": _(
            "Key: this is the private half of a key. It was not kept. Paste the file that ends in .pub, and make a "
            "new key if others may have seen this one."
        ),
        "format": _("Key: this format is not OpenSSH's. Convert it with “ssh-keygen -i -f FILE” and paste the result."),
        "pgp": _("Key: this is a PGP key. Paste an SSH public key, the content of a .pub file."),
        "certificate": _("Key: this is a certificate. Paste the public key that it was made for (without -cert)."),
        "options": _("Key: there are options in front of the key. Paste only the part from the type on: %(types)s …"),
        "several": _("Key: there is more than one key. Add them one by one."),
        "lines": _("Key: it is broken over several lines. Paste it as one line."),
        "dss": _("Key: DSA keys (ssh-dss) are no longer safe. Make a new one with “ssh-keygen -t ed25519”."),
        "type": _("Key: “%(type)s” is no type of key that is known here. It begins with %(types)s or the like."),
        "base64": _(
            "Key: a part is missing or changed: its second word is not valid Base64. Copy the whole line again."
        ),
        "mismatch": _("Key: it says %(type)s in front, but inside it is %(inside)s. Copy the whole line again."),
        "malformed": _("Key: it is incomplete or damaged. Copy the whole line again."),
        "short": _(
            "Key: RSA with %(bits)d bits is too short, at least %(least)d are needed. Make a new one with "
            "“ssh-keygen -t ed25519”."
        ),
        "large": _("Key: RSA with %(bits)d bits is more than the %(most)d that are accepted."),
    }
    return texts[fault.code] % {"types": "ssh-ed25519, ssh-rsa", **fault.params}


def remove_key(*, actor: Actor, key: Key) -> None:
    """Take a key from its account; machines that hold it can no longer act as the account."""
    engine.require(actor, "account.manage_keys", key.account)
    with transaction.atomic():
        number = key.pk
        if not Key.objects.filter(pk=number).delete()[0]:
            return
        emit(KeyRemoved(key.account_id, number, key.fingerprint), actor=actor, target=key.account)


def carry_over_last_use() -> int:
    """Write into the rows what the cache database noted since the last time; returns how many rows changed."""
    changed = 0
    while uses := lastuse.gather(queries.LAST_USE, BATCH):
        moments = {int(use.item): use.at for use in uses}
        rows = list(Key.objects.filter(pk__in=moments).only("pk", "last_used_at"))
        for row in rows:
            row.last_used_at = moments[row.pk]
        changed += Key.objects.bulk_update(rows, ["last_used_at"])
    return changed
