"""How good the checker is: slips planted one at a time, and the checker's answers scored.

Start reading at `corpus` (what a program is), then `slips` (what is planted), `scoring` (what
counts as right).
Nothing here imports the checker except `subject`, which calls its public functions.
"""
