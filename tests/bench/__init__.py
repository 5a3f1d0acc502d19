"""`python -m tests.bench`: what the compiler and the runner cost, as ratios inside one run, against stated limits."""
