"""The overlay of a new project, put together by the real kubectl with what was rendered."""

from pathlib import Path

from real.clusters import kustomized
from support import tracegen


def test_the_overlay_takes_in_what_is_rendered_and_changes_it(kubectl: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    assert tracegen("new", folder, "--defaults", "--data", "targets=kubernetes").code == 0
    assert not (folder / "compose.override.yaml").exists(), "there is no use for it"
    overlay = folder / "kubernetes-overlay"
    names = [(each["kind"], each["metadata"]["name"]) for each in kustomized(kubectl, folder / "kubernetes")]
    assert [(each["kind"], each["metadata"]["name"]) for each in kustomized(kubectl, overlay)] == names
    place = overlay / "kustomization.yaml"
    text = place.read_text(encoding="utf-8")
    # As its comment shows: the marks of the comment go, and nothing else.
    head, mark, example = text.partition("# patches:")
    place.write_text(head + mark[2:] + example.replace("\n# ", "\n"), encoding="utf-8")
    patched = [each for each in kustomized(kubectl, overlay) if each["metadata"]["name"] == "otel-gateway"]
    selectors = [
        each["spec"]["template"]["spec"].get("nodeSelector") for each in patched if "template" in each["spec"]
    ]
    assert selectors == [{"pool": "platform"}]
