"""The pages of a bank's host: what stands in their addresses, and which permission opens them."""

import re

from audit.models import AuditEntry
from core.tenancy import bank_scope
from tests.isolation.routes import SIGN_IN, Page, Route, Section, admin_routes, page_of
from tests.isolation.world import World

SECTIONS = {
    "accounts_user": Section("user", "accounts.user.view", "accounts.user.change"),
    "accounts_apiclient": Section("client", "accounts.client.view", "accounts.client.change"),
    "federation_provider": Section("provider", "federation.view"),
    "audit_auditentry": Section("entry", "audit.view"),
    "jobs_job": Section("job", "jobs.view"),
    "compliance_erasure": Section("erasure", "compliance.view"),
    "compliance_legalhold": Section("hold", "compliance.view"),
    "compliance_purgerun": Section("purge", "compliance.view"),
    "datasets_dataset": Section("dataset", "datasets.view", "datasets.upload"),
    "datasets_datasetload": Section("load", "datasets.view"),
    "scoring_modelrun": Section("run", "scoring.view", "scoring.train"),
    "scoring_modelversion": Section("version", "scoring.view"),
    "scoring_policyversion": Section("policy", "scoring.view"),
    "scoring_decision": Section("decision", "scoring.decision.view"),
    "scoring_batchrun": Section("batch", "scoring.view", "scoring.batch"),
}
_ROWS, _BINS = (("key", "rows"),), (("key", "bins-0"),)
_SESSION = (("sign_in_id", "019ab000-0000-7000-8000-0000000000ff"),)
PAGES = {
    "tenants_usage": Page("tenants.usage.view", shows=False),
    "accounts_user_disable": Page("accounts.user.change", "user"),
    "accounts_user_enable": Page("accounts.user.change", "user"),
    "accounts_user_invite_again": Page("accounts.user.change", "user"),
    "accounts_user_reset_factors": Page("accounts.user.change", "user"),
    "accounts_user_end_sessions": Page("accounts.user.change", "user"),
    "accounts_user_session_end": Page(
        "accounts.user.change", "user", "post", fills=_SESSION, shows=False
    ),
    "accounts_user_seal": Page("accounts.emergency.change", "user"),
    "accounts_user_withdraw_seal": Page("accounts.emergency.change", "user"),
    "accounts_rules": Page("accounts.rules.change", shows=False),
    "accounts_apiclient_rotate": Page("accounts.client.change", "client"),
    "accounts_apiclient_rotate_slowly": Page("accounts.client.change", "client"),
    "accounts_apiclient_end_old_secrets": Page("accounts.client.change", "client"),
    "accounts_apiclient_revoke": Page("accounts.client.change", "client"),
    "job_progress": Page("jobs.view", "job", shows=False),
    "jobs_job_cancel": Page("jobs.control", "job"),
    "jobs_job_resume": Page("jobs.control", "job"),
    "compliance_erasure_ask": Page("compliance.erase", shows=False),
    "compliance_erasure_approve": Page("compliance.approve", "erasure"),
    "compliance_erasure_refuse": Page("compliance.approve", "erasure"),
    "compliance_hold_propose": Page("compliance.hold", shows=False),
    "compliance_hold_approve": Page("compliance.approve", "hold"),
    "compliance_hold_lifting": Page("compliance.hold", "hold"),
    "compliance_hold_lift": Page("compliance.approve", "hold"),
    "compliance_retention": Page("compliance.view", shows=False),
    "compliance_retention_set": Page(
        "compliance.retention", fills=(("kind", "audit.entry"),), shows=False
    ),
    "compliance_purge_start": Page(
        "compliance.retention", fills=(("mode", "report"),), shows=False
    ),
    "datasets_dataset_upload": Page("datasets.upload", "dataset"),
    "datasets_contract": Page("datasets.view", "dataset"),
    "datasets_contract_confirm": Page("datasets.contract.confirm", "dataset"),
    "datasets_load_state": Page("datasets.view", "load", shows=False),
    "datasets_load_again": Page("datasets.upload", "load"),
    "datasets_load_picture": Page("datasets.view", "load", fills=_ROWS, shows=False),
    "datasets_quarantine": Page("datasets.quarantine.view", "load"),
    "datasets_quarantine_file": Page("datasets.quarantine.view", "load", fills=(("kind", "csv"),)),
    "scoring_work": Page("scoring.view", shows=False),
    "scoring_run_columns": Page("scoring.train", "load", query="load", shows=False),
    "scoring_run_state": Page("scoring.view", "run", shows=False),
    "scoring_version_submit": Page("scoring.submit", "version"),
    "scoring_version_approve": Page("scoring.approve", "version"),
    "scoring_version_reject": Page("scoring.approve", "version"),
    "scoring_version_deploy": Page("scoring.deploy", "version"),
    "scoring_version_withdraw": Page(
        "scoring.deploy", "version", fills=(("deployment_id", "@deployment"),)
    ),
    "scoring_version_retire": Page("scoring.deploy", "version"),
    "scoring_version_picture": Page("scoring.view", "version", fills=_BINS, shows=False),
    "scoring_version_bins": Page("scoring.view", "version", fills=(("place", "0"),)),
    "scoring_policy_submit": Page("scoring.policy.change", "policy"),
    "scoring_policy_approve": Page("scoring.policy.approve", "policy"),
    "scoring_policy_reject": Page("scoring.policy.approve", "policy"),
    "scoring_policy_deploy": Page("scoring.deploy", "policy"),
    "scoring_policy_retire": Page("scoring.deploy", "policy"),
    "scoring_policy_edit": Page("scoring.policy.change", "policy"),
    "scoring_policy_json": Page("scoring.policy.change", "policy"),
    "scoring_decision_inputs": Page("scoring.decision.view", "decision", method="post"),
    "scoring_decision_replay": Page("scoring.decision.view", "decision", method="post"),
    "scoring_monitoring": Page("scoring.view"),
    "scoring_monitoring_model": Page("scoring.view", "model"),
    "scoring_monitoring_picture": Page(
        "scoring.view", "model", fills=(("key", "vintages"),), shows=False
    ),
    "scoring_definition": Page("scoring.default.change", shows=False),
    "scoring_batch_state": Page("scoring.view", "batch", shows=False),
    "scoring_batch_results": Page("scoring.batch", "batch", fills=(("kind", "csv"),)),
}
# Pages of the site itself: what nobody gets, and what a person gets.
SITE = {
    "": (302, 302),
    "index": (302, 200),
    **SIGN_IN,
    "password_change_done": (302, 200),
    "autocomplete": (302, 403),
    "jsi18n": (302, 200),
    "search": (302, 200),
    "set_language": (302, 302),
    "app_list": (302, 200),
    "view_on_site": (302, 404),
}
ROUTES = admin_routes("bank")


def address(route: Route, page: Page, key: str, ids: dict[str, str]) -> str:
    """The route with an object's id in it; a fill like `@deployment` is an id of `ids`."""
    filled = re.sub(r"<[a-z]+:object_id>|<uuid:job_id>", key, route.pattern)
    for name, value in page.fills:
        given = ids[value[1:]] if value.startswith("@") else value
        filled = re.sub(rf"<[a-z]+:{name}>", given, filled)
    return f"/{filled}" + (f"?{page.query}={key}" if page.query else "")


def own_ids(world: World) -> dict[str, str]:
    with bank_scope(world.bank):
        entry = AuditEntry.objects.filter(actor_label__contains=world.canary).latest("id")
    return {**world.ids, "entry": str(entry.pk)}


OBJECT_ROUTES = [
    (route, page)
    for route in ROUTES
    if route.name not in SITE and (page := page_of(route, SECTIONS, PAGES)) is not None
]
