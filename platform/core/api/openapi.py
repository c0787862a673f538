"""The description of a route: parameters, headers and every way it can fail, from what the view itself declares."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema

from core.api.views import MUTATING
from core.idempotency.calls import HEADER, KEY_LENGTH, REPLAYED_HEADER

Node = dict[str, Any]
_COMMON = (400, 401, 403, 406, 429, 503)
_WITH_BODY = (413, 415)
_ANSWER_HEADERS = ("X-Request-ID", "RateLimit", "RateLimit-Policy")
PROBLEM_STATUSES = {
    400: ("bad_request", "The input is refused; `errors` names field and reason. Nothing was changed."),
    401: ("not_authenticated", "No access token, or one that is unknown here, expired or revoked."),
    403: ("permission_denied", "The client lacks the scope, the module is off, or the bank is not served."),
    404: ("not_found", "There is no such object at this bank."),
    406: ("not_acceptable", "Only application/json is offered."),
    409: ("conflict", "The state does not allow this, or the same call is still running (`Retry-After`)."),
    410: ("subject_erased", "The person's data was erased."),
    411: ("length_required", "A body needs a `Content-Length`."),
    413: ("too_large", "The body is larger than is taken here."),
    415: ("unsupported_media_type", "Another media type, or a `Content-Encoding`."),
    422: ("idempotency_mismatch", "The idempotency key was used for another call."),
    429: ("rate_limited", "Too many calls; `Retry-After` says when the next may come."),
    503: ("unavailable", "Temporarily not available; `Retry-After` says when to try again."),
}  # fmt: skip


class RouteSchema(AutoSchema):
    """drf-spectacular's description, with what all our routes share."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Node | None:
        operation: Node | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        text = operation.get("description", "")
        operation.setdefault("summary", _summary(text, operation["operationId"]))
        operation["parameters"] = [
            *operation.get("parameters", ()), *self._query(), *_header_parameters(self.method, operation),
        ]  # fmt: skip
        operation["responses"] = {
            **{status: self._success(body) for status, body in operation["responses"].items()},
            **{str(status): _ref("responses", f"Problem{status}") for status in self._failures()},
        }
        return operation

    def _query(self) -> list[Node]:
        of = getattr(self.view, "parameters_of", None)
        return [
            {
                "in": "query",
                "name": parameter.name,
                "schema": parameter.schema,
                **({"description": parameter.description} if parameter.description else {}),
            }
            for parameter in (of(self.method) if of else ())
        ]

    def _success(self, response: Node) -> Node:
        names = list(_ANSWER_HEADERS)
        if self.method in MUTATING:
            names.append(REPLAYED_HEADER)
        headers = {name: _ref("headers", name) for name in names}
        return {**response, "headers": headers, "description": response["description"] or "Done."}

    def _failures(self) -> list[int]:
        found = list(_COMMON)
        if "{" in self.path:
            found.append(404)
        if "replay" in self.path or self.method in MUTATING:
            found.append(410)
        if self.method in MUTATING:
            found += [404, 409, 411, 422, *_WITH_BODY]
        return sorted(set(found))


def _ref(kind: str, name: str) -> Node:
    return {"$ref": f"#/components/{kind}/{name}"}


def _summary(description: str, operation_id: str) -> str:
    first = description.partition("\n")[0].partition(". ")[0].rstrip(".")
    return first[:100] or operation_id.replace("_", " ").capitalize()


def _header_parameters(method: str, operation: Node) -> list[Node]:
    found = [_ref("parameters", "RequestId")]
    named = any(p.get("name") == HEADER for p in operation.get("parameters", ()))
    if method in MUTATING and not named:
        found.append(_ref("parameters", "IdempotencyKey"))
    return found


_TOKEN_ERROR: Node = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}
_PROBLEM: Node = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; the page of problem codes says what each means.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:panorama:problem:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "examples": ["not_found"]},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901), or / and a parameter"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}  # fmt: skip
_TEXT: Node = {"type": "string"}
_HEADERS: Node = {
    "X-Request-ID": {"description": "The caller's own, or a fresh one; in log and audit.", "schema": _TEXT},
    "RateLimit": {"description": "What is left: `\"client\";r=49;t=1, \"bank\";r=99;t=1`.", "schema": _TEXT},
    "RateLimit-Policy": {"description": "Calls at once, and seconds until all are back.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    REPLAYED_HEADER: {"description": "`true` when this is the kept answer.", "schema": _TEXT},
}  # fmt: skip
_PARAMETERS: Node = {
    "RequestId": {
        "in": "header",
        "name": "X-Request-ID",
        "description": "8 to 64 of letters, digits, `.`, `_`, `-`; anything else is replaced.",
        "schema": _TEXT,
    },
    "IdempotencyKey": {
        "in": "header",
        "name": HEADER,
        "description": "The same key and call again within a day: the same answer, and one effect.",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
    },
}  # fmt: skip
_TAGS = {
    "banks": "Onboard, suspend and change banks (operations).",
    "compliance": "Erasures, legal holds, retention and purge reports.",
    "datasets": "Datasets, the files sent to them, their contracts and quality.",
    "jobs": "Progress of long work; cancel and resume.",
    "oauth": "Access tokens: OAuth 2.0 client credentials.",
    "scoring": "Decisions, models, policies, batches.",
}


def complete(result: Node, generator: Any, request: Any, public: bool) -> Node:
    """Post-processing hook: shared components, tags, and how a token is had."""
    components = result["components"]
    components["schemas"] = dict(sorted({**components["schemas"], "Problem": _PROBLEM}.items()))
    components["headers"], components["parameters"] = _HEADERS, _PARAMETERS
    components["responses"] = {
        f"Problem{status}": _problem_response(status) for status in PROBLEM_STATUSES
    }
    result["paths"] = dict(sorted({**result["paths"], **_token_paths()}.items()))
    used = {tag for path in result["paths"].values() for o in path.values() for tag in o["tags"]}
    result["tags"] = [
        {"name": t, "description": _TAGS.get(t, t.capitalize())} for t in sorted(used)
    ]
    return result


def _problem_response(status: int) -> Node:
    code, text = PROBLEM_STATUSES[status]
    title = HTTPStatus(status).phrase
    example = {
        "type": f"urn:panorama:problem:{code}", "title": title, "status": status, "code": code,
        "detail": text.partition(";")[0].partition(". ")[0], "request_id": "0b2f4d3c9a5e4a7f8f6f1f1d2c3b4a59",
    }  # fmt: skip
    names = ["X-Request-ID", *(["Retry-After"] if status in (409, 429, 503) else [])]
    return {
        "description": text,
        "headers": {name: _ref("headers", name) for name in names},
        "content": {
            "application/problem+json": {"schema": _ref("schemas", "Problem"), "example": example}
        },
    }


def _token_paths() -> Node:
    given = {"type": "string"}
    answers = {
        "access_token": given, "token_type": given, "expires_in": {"type": "integer"}, "scope": given,
    }  # fmt: skip
    token = _form(
        "oauth_token", "An access token for an hour",
        {"grant_type": {"type": "string", "enum": ["client_credentials"]}, "client_id": given,
         "client_secret": given, "scope": given},
        ["grant_type"],
        {"type": "object", "required": list(answers), "properties": answers},
    )  # fmt: skip
    revoke = _form(
        "oauth_revoke", "Give a token back",
        {"token": given, "client_id": given, "client_secret": given}, ["token"], None,
    )  # fmt: skip
    return {"/api/v1/oauth/token": {"post": token}, "/api/v1/oauth/revoke": {"post": revoke}}


def _form(name: str, summary: str, fields: Node, required: list[str], answer: Node | None) -> Node:
    """RFC 6749 and 7009: a form in, and errors in that standard's own JSON."""
    body = {"type": "object", "required": required, "properties": fields}
    refused = {
        "description": "As RFC 6749, section 5.2.",
        "content": {"application/json": {"schema": _TOKEN_ERROR}},
    }
    good: Node = {"description": "Done."}
    if answer:
        good["content"] = {"application/json": {"schema": answer}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["oauth"],
        "security": [],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": body}},
        },
        "responses": {
            "200": good,
            "400": refused,
            "401": refused,
            **{str(s): _ref("responses", f"Problem{s}") for s in (403, 404, 411, 413, 415, 503)},
        },
    }
