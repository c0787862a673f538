"""Identifiers: UUID version 7 (RFC 9562), so that keys sort by the time they were made."""

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A fresh time-ordered identifier."""
    return uuid_utils.compat.uuid7()
