"""A customer database of somebody else's: other tables, other names, other values than ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, text

VARIABLE = "CRM_DATABASE_URL"

TABLES = {
    "customers": "cust_no varchar(20), mail varchar(200), product varchar(20), segment varchar(20),"
    " signed_up date, renews date, seen timestamp",
    "payments": "ref varchar(20), cust_no varchar(20), booked timestamp, what varchar(20),"
    " cents integer, state varchar(20)",
    "outages": "ref varchar(20), headline varchar(200), parts varchar(200), began timestamp,"
    " ended timestamp, hits varchar(200)",
    "calls": "ref varchar(20), mail varchar(200), began timestamp, medium varchar(20),"
    " gist varchar(200), result varchar(20)",
}

TWO_TABLES = """
[sources.crm]
kind = "sql"
credential = "CRM_DATABASE_URL"

[account]
source = "crm"
query = '''
  SELECT cust_no, product, segment, signed_up, renews
  FROM customers WHERE lower(mail) = :email
'''
[account.fields]
customer_id = "cust_no"
plan = "product"
tier = { name = "segment", values = { gold = "business", silver = "plus", free = "basic" } }
since = "signed_up"
renewal_at = "renews"

[billing]
source = "crm"
query = '''
  SELECT ref, booked, what, cents, state FROM payments
  WHERE cust_no = :customer_id ORDER BY booked DESC LIMIT 20
'''
[billing.fields]
id = "ref"
at = "booked"
kind = { name = "what", values = { bounced = "payment_failed" } }
amount = { name = "cents", divide_by = 100, absolute = true }
currency = { value = "EUR" }
status = "state"
"""
"""What connects customers and payments."""

REST = """
[incidents]
source = "crm"
query = "SELECT ref, headline, parts, began, ended, hits FROM outages"
[incidents.fields]
id = "ref"
title = "headline"
issue_types = { name = "parts", values = { tills = "card_payment, cash" } }
opened_at = "began"
closed_at = "ended"
customers = "hits"

[interactions]
source = "crm"
query = "SELECT ref, began, medium, gist, result FROM calls WHERE lower(mail) = :email"
[interactions.fields]
id = "ref"
at = "began"
channel = "medium"
summary = "gist"
outcome = "result"
"""
"""What connects the other two."""


class ForeignDatabase:
    """On SQLite or PostgreSQL, by its address; made anew, and empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        for table, columns in TABLES.items():
            self.do(f"CREATE TABLE {table} ({columns})")

    def do(self, statement: str, **values: Any) -> None:  # noqa: ANN401 - whatever a column takes
        """Does that, and commits."""
        with self._engine.begin() as connection:
            connection.execute(text(statement), values)

    def put(self, table: str, **values: Any) -> None:  # noqa: ANN401 - as above
        """One more row."""
        names = ", ".join(values)
        bound = ", ".join(f":{name}" for name in values)
        self.do(f"INSERT INTO {table} ({names}) VALUES ({bound})", **values)  # noqa: S608 - names of our own

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps all others out meanwhile. SQLite alone."""
        path = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield

    def close(self) -> None:
        """Ends its connections."""
        self._engine.dispose()
