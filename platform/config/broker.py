"""How each broker is spoken to: Redis or Valkey (`redis://`), or RabbitMQ with quorum queues (`amqp://`).

Both carry messages only; PostgreSQL knows every job. So a message may be lost or come twice, but a sender may never
hang: each wait here ends within about two seconds.
"""

from collections.abc import Iterable
from typing import Any

from kombu import Exchange, Queue

# Above the longest task: our own lease, not the broker, decides when work is lost.
VISIBILITY_SECONDS = 6 * 3600
ANSWER_SECONDS = 2.0
# How often RabbitMQ hands out a message whose workers die of it, before it drops it. A job is given up before that
# (`JobKind.max_attempts`), and a dropped message's job is sent again by the sweeper.
DELIVERY_LIMIT = 20


def is_rabbitmq(url: str) -> bool:
    return url.startswith(("amqp://", "amqps://", "pyamqp://"))


def transport_options(url: str) -> dict[str, Any]:
    """Options of the connection. Without `max_retries` a sender would wait for a broker that is down for ever."""
    bounded = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
    if is_rabbitmq(url):
        # Publisher confirms: a message counts as sent when the quorum has it on disk.
        return {
            **bounded,
            "confirm_publish": True,
            "connect_timeout": 1.0,
            "write_timeout": ANSWER_SECONDS,
        }
    return {
        **bounded,
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": 1.0,
    }


def queues(url: str, names: Iterable[str]) -> list[Queue]:
    """The queues workers take from and senders declare. Quorum queues know no global prefetch: Celery sees their type and asks for it by consumer."""  # noqa: E501
    arguments = (
        {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT} if is_rabbitmq(url) else None
    )
    return [
        Queue(name, Exchange(name, type="direct"), routing_key=name, queue_arguments=arguments)
        for name in names
    ]


def publish_options(url: str) -> dict[str, Any]:
    """Options of each message."""
    return {"confirm_timeout": ANSWER_SECONDS} if is_rabbitmq(url) else {}
