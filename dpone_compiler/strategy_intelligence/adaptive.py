"""The batch controller of the runtime, under dpone's module name."""

from dpone_compiler.runtime.batching import AdaptiveBatchController, BatchAdjustment, BatchObservation

__all__ = ["AdaptiveBatchController", "BatchAdjustment", "BatchObservation"]
