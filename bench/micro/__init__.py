"""What single steps of the hot path cost: `python -m bench.micro [NAME…]`.

A file here is a plain script: a function `steps()` gives (label, callable) pairs, and `__main__` lists the files. The
figures are nanoseconds of one call on one CPU; compare them within a run only.
"""
