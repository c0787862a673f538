"""Shape of a job in the API."""

from typing import Any

from rest_framework import serializers

from jobs.choices import JobState, Queue
from jobs.models import Job
from jobs.selectors import as_view


class JobSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    queue = serializers.ChoiceField(choices=Queue.choices)
    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    unit = serializers.CharField()
    percent = serializers.IntegerField()
    rate = serializers.FloatField(help_text="units per second")
    seconds_left = serializers.IntegerField(allow_null=True)
    stage = serializers.CharField()
    # Any JSON, null too: saying so with allow_null makes a schema that null fits twice.
    result = serializers.JSONField()
    error_code = serializers.CharField()
    error = serializers.CharField()
    attempt = serializers.IntegerField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    finished = serializers.BooleanField()

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(
            as_view(instance) if isinstance(instance, Job) else instance
        )
