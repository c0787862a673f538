"""The processes of one Panorama on one machine, for `python -m embedded up`."""

from embedded.supervisor import Process

# Two memory arenas: with one for each of the many threads, what a large body needed once is never given back.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
}  # fmt: skip
ADMIN_LOGIN = {"PANORAMA_LOGIN": "admin"}
HEALTH_PATH = "/healthz"


def _worker(name: str, *, queues: str, concurrency: int, env: dict[str, str]) -> Process:
    """A Celery worker of its own for a kind of work, so that no kind waits behind another."""
    argv = [
        "{python}", "-m", "celery", "-A", "config.celery", "worker", "-n", f"{name}@%h",
        "-Q", queues, "-c", str(concurrency), "--prefetch-multiplier", "1",
        "--without-gossip", "--without-mingle", "-l", "INFO",
    ]  # fmt: skip
    return Process(f"worker-{name}", argv, env={**ONE_THREAD, **env})


PREPARE = [
    Process("prepare", ["{python}", "manage.py", "prepare"], env=ADMIN_LOGIN),
    Process("warm-up", ["{python}", "manage.py", "warm_up"], env=ONE_THREAD),
]

PROCESSES = [
    Process(
        "web",
        [
            "{python}", "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--workers", "2", "--blocking-threads", "16", "--host", "127.0.0.1", "--port", "{port}",
            # Told to stop while a worker is still starting, it would wait for that worker for ever.
            "--workers-kill-timeout", "5", "--respawn-failed-workers",
        ],
        env=ONE_THREAD,
    ),
    _worker("training", queues="training", concurrency=1, env={}),
    # One more than a bank may have at once (JOB_SHARES): another bank's batch finds a free one.
    _worker("batch", queues="batch", concurrency=2, env={}),
    _worker("realtime", queues="realtime,delivery", concurrency=2, env={}),
    _worker("ops", queues="ops", concurrency=1, env=ADMIN_LOGIN),
    Process("keeper", ["{python}", "manage.py", "run_keeper"], env=ONE_THREAD),
]  # fmt: skip

STORY = Process("demo", ["{python}", "manage.py", "demo"], env=ONE_THREAD)
