"""Failures that users of other loaders reported, each as a test named after its report. docs/field-reports.md is the table."""
