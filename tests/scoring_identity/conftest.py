from tests.scoring.conftest import _own_files, model

__all__ = ["_own_files", "model"]
