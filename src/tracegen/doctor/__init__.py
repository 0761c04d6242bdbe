"""The path of a span, and its first broken hop: in the files as they are now, and in what runs.

`documents` reads files with their lines, `compose` and `kubernetes` make a `World` of containers from them, `path`
follows a span through it hop by hop. `live` asks what runs. `expected` is what the spec says should be there.
"""
