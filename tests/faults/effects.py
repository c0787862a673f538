"""What each job of a bank has left behind, counted in the stack's own database; prints one line of JSON."""

import json
import os
import sys

import django


def main(slug: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    from django.db import connection

    from core.tenancy import bank_scope, public_scope

    with bank_scope(f"bank_{slug}"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT target_id, count(*) FROM audit_auditentry WHERE action = 'jobs.succeeded' GROUP BY 1"
        )
        ended = dict(cursor.fetchall())
        cursor.execute("SELECT max(attempt), count(*) FILTER (WHERE attempt > 1) FROM jobs_job")
        most_attempts, again = cursor.fetchone()
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM dispatch_ticket WHERE state <> 'done'")
        (open_tickets,) = cursor.fetchone()
        cursor.execute("SELECT coalesce(sum(waiting + in_flight), 0)::int FROM dispatch_lane")
        (counted,) = cursor.fetchone()
        cursor.execute("SELECT coalesce(sum(ahead), 0)::int FROM dispatch_queue")
        (ahead,) = cursor.fetchone()
    print(
        json.dumps(
            {
                "ended": ended, "most_attempts": most_attempts, "again": again,
                "open_tickets": open_tickets, "counted": counted, "ahead": ahead,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
