"""Outgoing calls: one guarded client; nothing else in the house opens a connection to somebody else's host."""

from core.outgoing.client import Answer, call, check_url
from core.outgoing.errors import OutgoingFailed, OutgoingRefused
from core.outgoing.policy import Limits, Policy

__all__ = ["Answer", "Limits", "OutgoingFailed", "OutgoingRefused", "Policy", "call", "check_url"]
