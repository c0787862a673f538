"""What is asked to onboard a bank: one form for the admin, the command and the API."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import policies
from core.errors import FieldError, InvalidInput
from tenants.choices import Jurisdiction

_SLUG = re.compile(r"^[a-z][a-z0-9]{1,29}$")
_HOST = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$")
_FIELDS = {
    "slug",
    "name",
    "plan",
    "jurisdiction",
    "currency",
    "time_zone",
    "language",
    "hosts",
    "administrator",
    "client",
}


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FirstClient:
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BankSpec:
    """A validated request to onboard; `hosts[0]` becomes the primary one."""

    slug: str
    name: str
    plan: str
    administrator: Person
    jurisdiction: str = "CN"
    currency: str = "CNY"
    time_zone: str = "Asia/Shanghai"
    language: str = "en"
    hosts: tuple[str, ...] = ()
    client: FirstClient | None = field(default=None)

    @property
    def schema(self) -> str:
        return f"bank_{self.slug}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def parse_spec(data: Mapping[str, Any], *, brings_people: bool = False) -> BankSpec:
    """Check everything at once. Raises `InvalidInput` naming each field and reason.

    An imported bank brings its own people and is given no first administrator.
    """
    errors: list[FieldError] = []

    def wrong(pointer: str, code: str, detail: str) -> None:
        errors.append(FieldError(pointer, code, detail))

    for key in sorted(set(data) - _FIELDS):
        wrong(f"/{key}", "unknown_field", "This field is not known.")
    text = {key: str(data.get(key) or "").strip() for key in ("slug", "name", "plan")}
    if not _SLUG.match(text["slug"]):
        wrong("/slug", "invalid_slug", "2 to 30 small letters and digits, a letter first.")
    for key in ("name", "plan"):
        if not text[key] or "\x00" in text[key] or len(text[key]) > 120:
            wrong(f"/{key}", "required", "A text of 1 to 120 characters is required.")
    jurisdiction = str(data.get("jurisdiction") or "CN")
    if jurisdiction not in Jurisdiction.values:
        wrong("/jurisdiction", "unknown_jurisdiction", f"One of {', '.join(Jurisdiction.values)}.")
    currency = str(data.get("currency") or "CNY")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        wrong("/currency", "invalid_currency", "Three capital letters (ISO 4217).")
    zone = str(data.get("time_zone") or "Asia/Shanghai")
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        wrong("/time_zone", "unknown_time_zone", "Not a time zone of the IANA database.")
    language = str(data.get("language") or "en")
    if language not in dict(settings.LANGUAGES):
        wrong("/language", "unknown_language", f"One of {', '.join(dict(settings.LANGUAGES))}.")
    hosts = tuple(str(h).lower() for h in data.get("hosts") or ()) or (
        f"{text['slug']}.{settings.BASE_DOMAIN}",
    )
    for index, host in enumerate(hosts):
        if not _HOST.match(host) or host in settings.OPS_HOSTS:
            wrong(f"/hosts/{index}", "invalid_host", "Not a host name a bank can have.")
    person = Person("") if brings_people else _person(data.get("administrator"), wrong)
    client = _client(data.get("client"), wrong)
    if errors:
        raise InvalidInput("The bank cannot be onboarded.", errors=errors)
    return BankSpec(
        slug=text["slug"], name=text["name"], plan=text["plan"], administrator=person, jurisdiction=jurisdiction,
        currency=currency, time_zone=zone, language=language, hosts=hosts, client=client,
    )  # fmt: skip


def _person(data: Any, wrong: Any) -> Person:
    if not isinstance(data, Mapping):
        wrong("/administrator", "required", "The first administrator's e-mail is required.")
        return Person("")
    email = str(data.get("email") or "").strip()
    try:
        validate_email(email)
    except ValidationError:
        wrong("/administrator/email", "invalid_email", "This is not an e-mail address.")
    return Person(email=email, name=str(data.get("name") or "")[:150])


def _client(data: Any, wrong: Any) -> FirstClient | None:
    if not data:
        return None
    if not isinstance(data, Mapping) or not str(data.get("name") or "").strip():
        wrong("/client/name", "required", "The client needs a name.")
        return None
    scopes = tuple(str(s) for s in data.get("scopes") or ())
    for index, scope in enumerate(scopes):
        if scope not in policies.bank_scopes():
            wrong(f"/client/scopes/{index}", "unknown_scope", f"Unknown scope {scope!r}.")
    return FirstClient(name=str(data["name"]).strip(), scopes=scopes)
