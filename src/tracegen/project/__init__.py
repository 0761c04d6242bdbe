"""The life of a project: what `tracegen new` begins and `tracegen update` carries on."""
