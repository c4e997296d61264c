"""Makes the pages of the reference out of what they describe, so that they cannot say anything else.

`python -m docs.generator` writes them, `python -m docs.generator --check` compares (a test does the same).
"""
