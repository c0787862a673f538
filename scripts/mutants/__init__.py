"""Mutation tests: small wrong changes are made to the code one at a time, and the suite has to notice each.

python -m scripts.mutants --sample 60

The changes are cosmic-ray's operators. What is ours is the choice: a seeded sample of places in each area, only the
tests that run the changed line, and one copy of the checkout with servers of its own for every process.
"""
