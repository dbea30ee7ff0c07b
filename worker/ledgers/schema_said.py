"""The tables of what people have said: of the fleet, and of what it decided."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

pauses = Table(
    "pauses",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("per_hour", Integer),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    # Older versions count here; places.py has marks instead.
    Column("hour_at", Double),
    Column("begun", Integer, nullable=False, server_default="0"),
)

caps = Table(
    "caps",
    metadata,
    Column("scope", Text, primary_key=True),  # fleet, or a tier
    Column("micro_usd", BigInteger, nullable=False),  # a day
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)

trips = Table(
    "trips",
    metadata,
    # Breakers that an operator holds open; the others live in Redis.
    Column("name", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)

guards_off = Table(
    "guards_off",
    metadata,
    Column("name", Text, primary_key=True),
    Column("until", Double, nullable=False),
    Column("since", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    # What people say that a field should be, beside what was decided; one of each kind a field.
    Column("run", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("how", Text, nullable=False),  # correction, review or audit
    Column("said", Text),
    Column("truth", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("run", "field", "how", name="pk_labels"),
    Index("ix_labels_how_at", "how", "at"),
)
