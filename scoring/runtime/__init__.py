"""How a decision is made: one pure function for a row, one for columns, the same bits from both.

`answer` is plain Python over the engine; `bundles` loads what is live and keeps it.
"""
