"""The same task as a Celery application knows it."""

import os

from celery import Celery

from noop import noop

place = "redis+socket://" + os.environ["CELERY_SOCKET"]
# Results in a database of their own: its size is their number.
app = Celery("noop", broker=place, backend=place + "?virtual_host=1")
app.conf.task_acks_late = os.environ.get("CELERY_ACKS_LATE") == "1"
celery_noop = app.task(noop, name="noop")
