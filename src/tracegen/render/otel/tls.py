"""TLS in the configuration of a program that is built on the Collector.

https://github.com/open-telemetry/opentelemetry-collector/blob/main/config/configtls/README.md
"""

from tracegen.emit import Commented, Value
from tracegen.parts.certificates import CERT_PATH, KEY_PATH, client_path
from tracegen.system import Certificates, ClientTls


def server_tls(certificates: Certificates | None) -> dict[str, Value]:
    """The `tls` of a server, as an entry to merge in; empty without TLS."""
    if certificates is None:
        return {}
    renewed = Commented("1h", "A renewed certificate is taken up without a restart.")
    return {"tls": {"cert_file": CERT_PATH, "key_file": KEY_PATH, "reload_interval": renewed}}


def client_tls(name: str, tls: ClientTls | None) -> dict[str, Value]:
    """The `tls` of a client: its keys, empty for the system's authorities."""
    if tls is None:
        return {}
    keys = {"ca_file": (tls.ca, "ca.crt"), "cert_file": (tls.cert, "tls.crt"), "key_file": (tls.key, "tls.key")}
    settings: dict[str, Value] = {key: client_path(name, file) for key, (each, file) in keys.items() if each}
    if tls.server_name:
        settings["server_name_override"] = tls.server_name
    return settings
