"""Training speed beside the peers, on one core, as ratios to the processor's limit.

``cases.py`` says what is trained, ``peers/`` how each library does it at its best, ``timing.py`` how
it is measured, ``peak.py`` what the core could do. ``python -m benchmarks`` runs it.
"""
