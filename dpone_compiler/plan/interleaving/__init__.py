"""Every order in which the statements of two sessions can meet, tried on a small model of transactions, locks and snapshots.

`model` runs scripts of statements, `scripts` makes them from a plan's steps, `verdicts` says the worst that can happen.
"""
