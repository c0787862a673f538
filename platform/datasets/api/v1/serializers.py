"""Shapes of datasets, loads, contracts and quality in the API."""

from typing import Any

from rest_framework import serializers

from core.entries import Entry
from datasets.api.v1.schemas import DataContractField
from datasets.models import Dataset, DatasetLoad
from datasets.selectors import as_dataset, as_load
from datasets.states import ContractState, LoadState
from jobs.api.v1.serializers import JobSerializer


class NewDatasetSerializer(Entry):
    """Body of `POST /datasets`; rules are the service's."""

    name = serializers.CharField(max_length=200, trim_whitespace=False)
    title = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    description = serializers.CharField(
        max_length=10000, required=False, default="", allow_blank=True
    )


class DatasetSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    loads = serializers.IntegerField()
    confirmed_version = serializers.IntegerField(allow_null=True)
    draft_version = serializers.IntegerField(allow_null=True)
    last_load_id = serializers.UUIDField(allow_null=True)
    last_load_number = serializers.IntegerField(allow_null=True)
    last_state = serializers.ChoiceField(choices=LoadState.choices, allow_null=True)
    last_rows_good = serializers.IntegerField(allow_null=True)
    last_rows_quarantined = serializers.IntegerField(allow_null=True)

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(
            as_dataset(instance) if isinstance(instance, Dataset) else instance
        )


class QualityScoresSerializer(serializers.Serializer[Any]):
    """Shares between 0 and 1; null where it cannot be measured."""

    completeness = serializers.FloatField()
    validity = serializers.FloatField()
    uniqueness = serializers.FloatField()
    timeliness = serializers.FloatField(allow_null=True)
    stability = serializers.FloatField(allow_null=True)
    bad_rate = serializers.FloatField(allow_null=True)
    errors = serializers.IntegerField()  # type: ignore[assignment]
    warnings = serializers.IntegerField()
    duplicate_rows = serializers.IntegerField()


class LoadSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    dataset_id = serializers.UUIDField()
    dataset_name = serializers.CharField()
    number = serializers.IntegerField()
    file_name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="of the file as it came")
    format = serializers.DictField(allow_null=True)
    state = serializers.ChoiceField(choices=LoadState.choices)
    error_code = serializers.CharField()
    error = serializers.CharField()
    rows_in = serializers.IntegerField()
    rows_good = serializers.IntegerField()
    rows_quarantined = serializers.IntegerField()
    contract_version = serializers.IntegerField(allow_null=True)
    data_sha256 = serializers.CharField(help_text="of the Parquet file before encryption")
    job_id = serializers.UUIDField(allow_null=True)
    as_of = serializers.DateField(allow_null=True)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    quality = QualityScoresSerializer(allow_null=True)

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(
            as_load(instance) if isinstance(instance, DatasetLoad) else instance
        )


class AcceptedLoadSerializer(serializers.Serializer[Any]):
    """Answer to a received file: what it became, and the job to follow."""

    load = LoadSerializer()
    job = JobSerializer()


class ContractSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    dataset_id = serializers.UUIDField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ContractState.choices)
    sha256 = serializers.CharField()
    contract = DataContractField()
    findings = serializers.ListField(child=serializers.DictField())
    inferred_from = serializers.UUIDField(allow_null=True)
    created_by = serializers.CharField()
    updated_at = serializers.DateTimeField()
    confirmed_by = serializers.CharField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class ConfirmSerializer(Entry):
    """`sha256` of the draft that was seen: a draft changed meanwhile is not confirmed."""

    sha256 = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class FileSerializer(serializers.Serializer[Any]):
    """Multipart form with the file; `as_of` is the day the data stands for."""

    file = serializers.FileField()
    as_of = serializers.DateField(required=False, allow_null=True)
