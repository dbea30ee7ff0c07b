"""Flower's configuration: `celery -A worker.app flower --conf=worker/pages/flowerconfig.py`.

Flower reads every name here that is an option of its own, so a name that is none must not look
like one. What is not set here stays with Flower: `FLOWER_XHEADERS=true` behind a proxy of yours.
"""

from flower.urls import handlers

from config.environment import Environment
from worker.pages.opening import open_pages

_opened = open_pages(Environment.read())

handlers[:0] = _opened.doors

address = _opened.address
port = _opened.port
basic_auth = [_opened.login]

# The API could send tasks, and end workers.
read_only = True

# Off: with events on, each task costs 2.0 ms of CPU more (measured: worker 0.8, Redis 0.1, Flower
# 1.1), as much as all that Celery does for it without. Workers tell that they live all the same,
# and the ledger knows more of each ticket than Flower would.
enable_events = False
max_tasks = 1_000  # should somebody turn events on from elsewhere

max_workers = 1_000
purge_offline_workers = 3_600  # seconds
persistent = False  # the ledger is the record, Flower a viewer
