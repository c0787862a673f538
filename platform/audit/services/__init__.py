from audit.services.recording import record, record_read

__all__ = ["record", "record_read"]
