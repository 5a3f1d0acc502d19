"""The plan: what will be done, step by step, with guarantees, effects and reasons. No text of any engine is here."""
