"""submit_rq.py SOCKET TASKS: seconds from the first submission until every result is stored."""

import sys
import time

from redis import Redis
from rq import Queue
from rq.registry import FinishedJobRegistry

from noop import noop

redis = Redis(unix_socket_path=sys.argv[1])
n = int(sys.argv[2])
queue = Queue("bench", connection=redis)
done = FinishedJobRegistry("bench", connection=redis)
start = time.monotonic()
queue.enqueue_many([Queue.prepare_data(noop, args=(i,), result_ttl=3600) for i in range(n)])
while redis.zcard(done.key) < n:
    time.sleep(0.01)
print(time.monotonic() - start)
