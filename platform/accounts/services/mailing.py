"""Mail to a person, in their language, once what it tells of is committed."""

import logging
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import User

log = logging.getLogger(__name__)


def mail_person(person: User, subject: str, text: str, **values: Any) -> None:
    """`subject` and `text` are message ids with `%(name)s` places; a mail server that is down undoes nothing."""
    with translation.override(person.language or "en"):
        title = gettext(subject)
        body = gettext(text) % {"name": person.name, **values}
    address = person.email

    def send() -> None:
        try:
            send_mail(f"Panorama: {title}", body + "\n", None, [address])
        except OSError:
            log.exception("a mail could not be sent")

    transaction.on_commit(send)
