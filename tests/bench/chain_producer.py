"""Enqueues a chain for each ticket id on standard input; prints the seconds that it took."""

import sys
import time

from celery import chain

from tests.bench.chain import classify, enrich, validate, write
from tests.bench.sides import LINE

tickets = [
    {"id": name, "requester": {"email": "c@example.com", "name": name}, **LINE}
    for name in sys.stdin.read().split()
]
begun = time.monotonic()
for ticket in tickets:
    chain(enrich.s(ticket), classify.s(), validate.s(), write.s()).apply_async()
print(time.monotonic() - begun)
