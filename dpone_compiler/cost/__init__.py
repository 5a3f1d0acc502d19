"""The cost model: which way of doing a load takes how long, from a few measured constants. Pure; inspectable term by term."""
