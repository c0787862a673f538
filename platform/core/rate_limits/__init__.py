"""How many calls a client and a bank may make: token buckets in Redis, leased to processes in small lots."""

from core.rate_limits.charging import charge, forget_leases

__all__ = ["charge", "forget_leases"]
