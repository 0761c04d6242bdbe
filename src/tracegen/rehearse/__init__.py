"""Traffic made from a spec: what its services would send, before any of them exists.

`facts` reads the System, `traces` makes traces, `timing` and `conventions` say how one looks, `otlp` and `send` put
them on the wire, `predict` says what should be kept of them and `count` what was.
"""
