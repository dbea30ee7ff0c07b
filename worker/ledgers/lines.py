"""Connections for the hot path: the driver's own, with no pool, no dialect and no begin between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Engine

from worker.ledgers.outage import answering


class Closes(Protocol):
    """What a driver's connection is asked for here."""

    def close(self) -> None: ...


Driver = TypeVar("Driver", bound=Closes)


class Lines(Generic[Driver]):
    """As many connections as there are threads at work at once; usually one.

    A connection that saw an error is not used again, nor are those that lay idle meanwhile, here
    or in the engine's pool: when the server has gone they have gone with it.
    """

    def __init__(
        self, engine: Engine, kind: type[Driver], prepare: Callable[[Driver], object]
    ) -> None:
        """`prepare` is told of each new connection before it is used."""
        self._engine = engine
        self._kind = kind
        self._prepare = prepare
        self._idle: list[Driver] = []

    @contextmanager
    def take(self) -> Iterator[Driver]:
        """A connection that is nobody else's meanwhile. Raises LedgerDown."""
        with answering():
            driver = self._idle_one()
            try:
                driver = driver or self._connect()
                yield driver
            except BaseException:
                if driver:
                    driver.close()
                self.close()
                self._engine.dispose()
                raise
            self._idle.append(driver)

    def close(self) -> None:
        """Closes those that lie idle."""
        while driver := self._idle_one():
            driver.close()

    def _idle_one(self) -> Driver | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connect(self) -> Driver:
        """One that no pool knows of any more."""
        pooled = self._engine.raw_connection()
        driver = pooled.driver_connection
        pooled.detach()
        assert isinstance(driver, self._kind)  # noqa: S101 - the engine was made for this driver
        try:
            self._prepare(driver)
        except BaseException:
            driver.close()
            raise
        return driver
