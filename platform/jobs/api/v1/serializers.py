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
    waiting_reason = serializers.CharField(
        help_text="Of one queued job: `turn` (other banks' or own jobs go first), `share` (the bank has as many with "
        "workers as it may), `held` (the bank is suspended), `worker` (sent, no worker free yet); empty otherwise."
    )
    before = serializers.IntegerField(
        allow_null=True, help_text="Of one queued job: how many of the bank's own go first."
    )

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(
            as_view(instance) if isinstance(instance, Job) else instance
        )
