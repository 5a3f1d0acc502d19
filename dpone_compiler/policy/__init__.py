"""Policy: rules that choose a strategy and gates that refuse a decision; pure values, no parser of any language."""
