"""Long runs against real helpdesks; half an hour of the day is part of `make test`."""
