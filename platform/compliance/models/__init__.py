from compliance.models.erasures import Erasure
from compliance.models.holds import LegalHold
from compliance.models.retention import PurgeRun, RetentionSetting

__all__ = ["Erasure", "LegalHold", "PurgeRun", "RetentionSetting"]
