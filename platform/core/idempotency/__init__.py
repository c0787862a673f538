"""One effect for one key of one client; the service is in `core.idempotency.once` and `.calls`."""
