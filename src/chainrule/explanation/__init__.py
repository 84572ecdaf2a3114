"""Computations and networks made visible: :func:`explain`, :func:`network_svg`.

``cr.explain(f, *args)`` walks through the gates of a computation (:mod:`.steps`), says what each
does to the gradient (:mod:`.patterns`), and shows it as text (:mod:`.text`), as a picture
(``Graph.to_svg``), or as a page to step through (:mod:`.page`). :mod:`.neurons` draws networks as
layers of neurons. Start reading at :mod:`.explain`.
"""

from __future__ import annotations

from chainrule.explanation.explain import Explanation, explain
from chainrule.explanation.neurons import network_svg
from chainrule.explanation.steps import Share, Step

__all__ = ["Explanation", "Share", "Step", "explain", "network_svg"]
