"""Tests of plans and their proof."""
