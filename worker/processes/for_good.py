"""What a process loads once and keeps until it ends, out of the garbage collector's sight.

litellm alone is 300,000 objects. Looking through them again and again as they are made is a quarter
of a worker's start, and each full collection later would stop its event loop for half a second.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """Nothing is collected within, and what there is at its end never will be.

    Of what ends in an error nothing is kept: it may be tried again and again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collects:
            gc.enable()
