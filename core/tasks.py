"""How a door starts a task: after its transaction, and without failing when the broker is away."""

import structlog
from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task: Task, *args: str | int) -> None:
    """Starts the task once the current transaction is committed.

    What people save never depends on the broker: if it is away that is logged, and the periodic task that does the
    same work catches up.
    """

    def send() -> None:
        try:
            # Nobody waits for the result, and to be told of it would take the result store, which may be away too.
            task.apply_async(args, ignore_result=True)
        except OperationalError as error:
            log.warning("task_not_sent", task=task.name, args=args, error=str(error))

    transaction.on_commit(send)
