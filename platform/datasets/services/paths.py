"""Where a load's files stand in the bank's encrypted storage."""


def raw_path(dataset_id: str, load_id: str) -> str:
    return f"datasets/{dataset_id}/{load_id}/raw"


def attempt_folder(dataset_id: str, load_id: str, attempt: int) -> str:
    """Each attempt of a job writes beside the others; the row names the one that counts."""
    return f"datasets/{dataset_id}/{load_id}/{attempt}"
