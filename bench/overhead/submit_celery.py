"""submit_celery.py SOCKET TASKS: seconds from the first submission until every result is stored."""

import sys
import time

from redis import Redis

from celery_app import app, celery_noop

results = Redis(unix_socket_path=sys.argv[1], db=1)
n = int(sys.argv[2])
with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
    celery_noop.apply_async((0,), producer=producer)
    while results.dbsize() < 1:  # the worker is there, and the connection
        time.sleep(0.01)
    start = time.monotonic()
    for i in range(n):
        celery_noop.apply_async((i,), producer=producer)
while results.dbsize() < n + 1:
    time.sleep(0.01)
print(time.monotonic() - start)
