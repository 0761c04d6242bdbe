"""Every key of the language, specs that use it, and what they change."""
