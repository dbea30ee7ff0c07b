"""Long runs against real helpdesks; never part of `make test`."""
