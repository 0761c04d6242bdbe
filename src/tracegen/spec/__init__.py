"""Document → Spec: layers, form and meaning of what a team wrote."""
