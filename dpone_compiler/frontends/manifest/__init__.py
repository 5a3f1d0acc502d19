"""The YAML front end: manifests in the flat form, under `loads:`, and in dpone's batch and flow forms."""

from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.reader import read_manifest

__all__ = ["Known", "read_manifest"]
