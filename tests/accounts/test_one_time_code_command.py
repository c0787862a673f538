"""Codes of demo people are printed on a person's own machine, and nowhere else."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts import services
from accounts.origin import Origin
from core.tenancy import bank_scope
from tests.sign_in import give_app


def printed(email: str) -> str:
    out = io.StringIO()
    call_command("one_time_code", email, stdout=out)
    return out.getvalue().strip()


def test_it_prints_a_code_that_works_where_local_settings_say_so(bank_a, person, settings):
    user = person(bank_a, "compliance")
    with bank_scope(bank_a):
        device = give_app(user)
        type(device).objects.filter(pk=device.pk).update(last_step=0)
    settings.LOCAL_ONE_TIME_CODES = True
    code = printed(user.email.upper())
    with bank_scope(bank_a):
        assert services.prove_code(user=user, code=code, origin=Origin()) == "code"
    with pytest.raises(CommandError, match="Nobody"):
        printed("nobody@alpha.test")


def test_it_refuses_elsewhere(db, settings):
    settings.LOCAL_ONE_TIME_CODES = False
    with pytest.raises(CommandError, match="own machine"):
        printed("admin@alpha.test")
