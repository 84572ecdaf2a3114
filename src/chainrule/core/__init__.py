"""The engine: tensors, the graph they record, and the walks over it.

Reading order: ``op.py`` (what an op is, how a call is recorded), ``graph.py`` (nodes and graphs),
``reverse.py`` (the backward sweep), ``tensor.py`` (the handle users hold), ``backward.py``
(``t.backward()``), ``linearised.py`` and ``transforms.py`` (grad, vjp, jvp, jacobian, hessian),
``staging.py`` (running code with shapes only).
There is no mathematics here: ops live in :mod:`chainrule.ops`.
"""
