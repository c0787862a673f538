"""Logging in by a code and by a passkey in a real browser; the pages as people see them."""

import json
from typing import Any

import pytest

from tests.browser.watched import Watched
from tests.stack import Stack, StackBank

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]


def give_authenticator(window: Watched) -> Any:
    """A platform authenticator with a finger that always fits (Chrome's WebAuthn test domain)."""
    tools = window.page.context.new_cdp_session(window.page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools


def look(window: Watched, name: str) -> None:
    """Desk, phone, dark, Chinese."""
    window.settle()
    window.shoot(name)
    window.phone(f"{name}-phone")
    window.theme("dark")
    window.page.reload()
    window.settle()
    window.shoot(f"{name}-dark")
    window.theme("light")
    window.speak("zh-hans")
    window.page.reload()
    window.settle()
    window.shoot(f"{name}-zh")
    window.speak("en")
    window.page.reload()
    window.settle()


def test_a_passkey_is_made_and_logs_in_alone(stack: Stack, visitor: Any) -> None:
    bank: StackBank = stack.bank("harbour")
    window: Watched = visitor(bank, "admin")
    give_authenticator(window)
    page = window.page
    window.open("/admin/security/")
    look(window, "20-security")
    window.click("Add a second factor")
    look(window, "21-enrol")
    page.fill("#passkey-name", "test finger")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_selector("#codes li")
    assert page.locator("#codes li").count() == 10
    window.shoot("22-recovery-codes")
    window.phone("22-recovery-codes-phone")
    window.open("/admin/security/")
    assert "test finger" in window.text("body")
    window.open("/admin/confirm/")
    look(window, "23-confirm")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("text=Overview")
    window.open("/admin/")
    page.evaluate("document.getElementById('logout-form').submit()")
    page.wait_for_selector("#login-form")
    look(window, "24-login")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_selector("text=Overview")
    window.open("/admin/security/")
    assert "Passkey" in window.text("body")
    window.open("/admin/accounts/user/")
    page.locator("table tbody th a").first.click()
    window.settle()
    window.shoot("25-person")
    window.open("/admin/security-rules/")
    window.shoot("26-rules")
    assert window.faults == [], json.dumps(window.faults, indent=1)


def test_the_code_works_without_javascript(stack: Stack, browser: Any) -> None:
    bank: StackBank = stack.bank("harbour")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{bank.url}/admin/")
    page.fill("input[name=username]", bank.emails["analyst"])
    page.fill("input[name=password]", bank.password)
    page.click("#login-form button[type=submit]")
    page.fill("input[name=code]", bank.code(bank.emails["analyst"]))
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url(f"{bank.url}/admin/")
    assert page.locator(".pan-dash").count() == 1
    context.close()
