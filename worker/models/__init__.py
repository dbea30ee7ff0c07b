"""Models: whoever answers the one question that a ticket asks.

Only this package imports litellm (a contract holds it to that), so its switches are set here:
whichever module is the first to import it, they were set before.
"""

from worker.models.switches import set_environment

set_environment()
