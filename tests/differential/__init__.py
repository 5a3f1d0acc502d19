"""Every plan on every engine against the reference model, with generated stories."""
