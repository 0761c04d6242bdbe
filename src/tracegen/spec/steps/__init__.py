"""Steps from an older format of the spec to the next, one module each; see `tracegen.spec.format_versions`."""
