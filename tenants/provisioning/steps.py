"""The platform's own steps of onboarding."""

from django.db import transaction

from accounts.models import ApiClient, User
from accounts.services import create_client, invite_person
from core.actors import Actor, system_actor
from core.tenancy import BankContext, bank_scope
from core.vault import create_bank_keys
from tenants.models import Bank
from tenants.provisioning import contents, database, registry, templates, versions
from tenants.provisioning.registry import Spec, Step

# Steps that depend on the code's migrations.
SCHEMA_STEPS = frozenset({"30.tables", "40.grants"})


def _tables(bank: BankContext, spec: Spec) -> None:
    templates.make_tables(bank.schema)
    note_version(bank.schema)


def note_version(schema: str) -> str:
    """Write down, with the bank, which version its schema has reached. Returns it."""
    version = versions.version_of(versions.applied_in(schema))
    Bank.objects.filter(schema_name=schema).update(schema_version=version)
    return version


def _keys(bank: BankContext, spec: Spec) -> None:
    create_bank_keys(bank.schema)


def _administrator(bank: BankContext, spec: Spec) -> None:
    person = spec.get("administrator")
    if not person:
        # An imported bank brings its own people.
        return
    with bank_scope(bank), transaction.atomic():
        if User.objects.filter(email__iexact=person["email"]).exists():
            return
        invite_person(
            email=person["email"],
            name=person.get("name", ""),
            roles=["bank_admin"],
            actor=_onboarder(bank),
            base_url=str(spec["base_url"]),
            language=bank.language,
        )


def _client(bank: BankContext, spec: Spec) -> None:
    """The first client; its secret is set and shown when the administrator rotates it, or by the command line."""
    wanted = spec.get("client")
    if not wanted:
        return
    with bank_scope(bank), transaction.atomic():
        if not ApiClient.objects.filter(name=wanted["name"]).exists():
            create_client(
                name=wanted["name"], scopes=list(wanted["scopes"]), actor=_onboarder(bank)
            )


def _onboarder(bank: BankContext) -> Actor:
    return system_actor("onboarding")


def register_own_steps() -> None:
    """Called once at start-up."""
    for step in (
        Step(
            "10.roles",
            database.create_roles,
            purge=contents.purge_roles,
            proofs=contents.prove_roles,
        ),
        Step("20.schema", database.create_schema, after=("10.roles",)),
        Step(
            "30.tables",
            _tables,
            after=("20.schema",),
            verify=database.verify_tables,
            export=contents.export_tables,
            restore=contents.restore_tables,
            purge=contents.purge_tables,
            proofs=contents.prove_tables,
        ),
        Step("40.grants", database.grant_tables, after=("30.tables",)),
        Step(
            "50.keys",
            _keys,
            after=("40.grants",),
            export=contents.export_vault,
            restore=contents.restore_vault,
            purge=contents.purge_vault,
            proofs=contents.prove_vault,
        ),
        Step("60.administrator", _administrator, after=("50.keys",)),
        Step("70.client", _client, after=("50.keys",)),
        Step(
            "80.objects",
            after=("50.keys",),
            export=contents.export_objects,
            restore=contents.restore_objects,
            purge=contents.purge_objects,
            proofs=contents.prove_objects,
        ),
        Step(
            "85.trail",
            after=("50.keys",),
            export=contents.export_trail,
            restore=contents.restore_trail,
            purge=contents.purge_trail,
            proofs=contents.prove_trail,
        ),
        Step(
            "90.platform",
            after=("20.schema",),
            export=contents.export_platform,
            restore=contents.restore_platform,
            purge=contents.purge_platform,
            proofs=contents.prove_platform,
        ),
    ):
        registry.register(step)
