"""How the kernels of a step are divided among threads, and where the threads must meet.

``touches.py``
    What each thread reads and writes when a kernel is cut somewhere.
``meetings.py``
    Chooses cuts and an order in which few barriers are needed.
``checking.py``
    Checks that no thread meets what another has not finished with.

Start with ``meetings.py``. The code of a divided kernel is written by ``lower/``, that of the step by
``together.py``.
"""

from .checking import check_meetings
from .meetings import Division, Turn, divide
from .touches import Task, Touch

__all__ = ["Division", "Task", "Touch", "Turn", "check_meetings", "divide"]
