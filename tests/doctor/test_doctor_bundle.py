"""A bundle for a colleague has what is needed to look at it, and no secret."""

import base64
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from doctor.faults import GATEWAY, OVERRIDE, SECURE, append, override, replace, system
from support import tracegen

SECRETS = [
    "in-dotenv-5f1c",
    "from-the-shell-77aa+/=",
    "in-the-override-9d2e",
    "in-a-header-31b0",
    "in-a-url-c4c4",
    "in-a-basic-header-aaaa",
    "in-an-api-key-1234",
    "MHcCAQEEIPlantedPrivateKey",
    "in-a-secret-object-8080",
    "in-tempo-access-key-1",
]


def planted(folder: Path) -> None:
    (folder / ".env").write_text(f"INGEST_TOKEN={SECRETS[0]}\n", encoding="utf-8")
    lines = [
        f"      DB_PASSWORD: {SECRETS[2]}",
        f'      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20{SECRETS[3]},x-api-key={SECRETS[6]}"',
        f"      DATABASE_URL: postgres://app:{SECRETS[4]}@db/app",
    ]
    override("checkout", "\n".join(["    environment:", *lines]))(folder)
    header = base64.b64encode(f"user:{SECRETS[5]}".encode()).decode()
    replace(GATEWAY, "service:\n", f'# authorization: "Basic {header}"\nservice:\n')(folder)
    append("jaeger/config.yaml", f"# quoted: {quote(SECRETS[1], safe='')} {SECRETS[0]}\n")(folder)
    (folder / "kubernetes").mkdir(exist_ok=True)
    encoded = base64.b64encode(SECRETS[8].encode()).decode()
    secret = f"apiVersion: v1\nkind: Secret\ndata:\n  some: {encoded}\nstringData:\n  other: {SECRETS[8]}\n"
    (folder / "kubernetes/secret.yaml").write_text(secret, encoding="utf-8")
    key = f"-----BEGIN EC PRIVATE KEY-----\n{SECRETS[7]}\n-----END EC PRIVATE KEY-----\n"
    append("services/checkout/otel.env", f"# {key}")(folder)
    (folder / "tempo").mkdir(exist_ok=True)
    (folder / "tempo/tempo.yaml").write_text(f"storage:\n  s3:\n    access_key: {SECRETS[9]}\n", encoding="utf-8")


def test_no_planted_secret_is_in_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = system(tmp_path, SECURE)
    planted(folder)
    monkeypatch.setenv("INGEST_TOKEN", SECRETS[1])
    bundle = tmp_path / "help.zip"
    ran = tracegen("doctor", folder / "tracegen.yaml", "--bundle", bundle, "--format", "json")
    assert "masked" in ran.err
    with zipfile.ZipFile(bundle) as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
    forms = [
        form for each in SECRETS for form in (each, quote(each, safe=""), base64.b64encode(each.encode()).decode())
    ]
    forms.append(base64.b64encode(f"user:{SECRETS[5]}".encode()).decode())
    for name, text in contents.items():
        assert not [form for form in forms if form in text], name
    assert not [name for name in contents if "certs" in name]


def test_a_bundle_has_what_is_needed(tmp_path: Path) -> None:
    folder = system(tmp_path, SECURE)
    replace(GATEWAY, "0.0.0.0:4318", "127.0.0.1:4318")(folder)
    bundle = tmp_path / "help.zip"
    assert tracegen("doctor", folder / "tracegen.yaml", "--bundle", bundle).code == 1
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        said = json.loads(archive.read("doctor.json"))
        gateway = archive.read(GATEWAY).decode()
        about = archive.read("about.txt").decode()
    wanted = {
        "spec/tracegen.yaml",
        "compose.yaml",
        GATEWAY,
        "jaeger/config.yaml",
        "services/checkout/otel.env",
        ".env",
    }
    assert wanted <= names
    assert said["findings"][0]["hop"] == "receiver"
    # References stay: whether a variable is named right is what a colleague has to see.
    assert "token: ${env:INGEST_TOKEN}" in gateway and "127.0.0.1:4318" in gateway
    assert about.startswith("tracegen ")
    assert OVERRIDE not in names
    with zipfile.ZipFile(bundle) as archive:
        masked = {name for name in names if "***" in archive.read(name).decode()}
    assert masked == {".env"}
