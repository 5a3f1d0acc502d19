"""An independent comparator: it reads both sides with their own drivers and shares no code with the rest of dponec.

``python -m dpone_compiler.demo.compare SOURCE_URL "SELECT …" TARGET_URL "SELECT …"`` exits 0 when the two results hold
the same typed rows, each as often; 1 when not; 2 when one cannot be read.
"""

from dpone_compiler.demo.compare.differences import Difference
from dpone_compiler.demo.compare.multiset import Comparison, compare
from dpone_compiler.demo.compare.readers import Unreadable

__all__ = ["Comparison", "Difference", "Unreadable", "compare"]
