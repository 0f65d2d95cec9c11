"""Layers of containers: what `docker save` and OCI layouts are, opened with nothing but tar and compression."""

import gzip
import hashlib
import json

from backports import zstd

from garrison.engine.verdict import Verdict
from tests.engine.archives import make_tar
from tests.engine.samples import EICAR, check, detector

LAYER = make_tar([("etc/motd", b"hello\n"), ("opt/x/.hidden/run", EICAR), ("opt/x/.wh.old", b"")])


def found(verdict: Verdict) -> list[str]:
    assert verdict.remarks == ()
    return ["/".join(finding.inner) for finding in verdict.findings]


def blob(content: bytes) -> tuple[str, bytes]:
    return f"blobs/sha256/{hashlib.sha256(content).hexdigest()}", content


def test_the_files_in_the_layers_of_a_saved_image_are_found() -> None:
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["1/layer.tar", "2/layer.tar"]}])
    image = make_tar(
        [
            ("1/VERSION", b"1.0"),
            ("1/layer.tar", make_tar([("bin/sh", b"harmless")])),
            ("2/layer.tar", LAYER),
            ("manifest.json", manifest.encode()),
        ]
    )
    assert found(check(image, detector())) == ["2/layer.tar/opt/x/.hidden/run"]
    assert found(check(gzip.compress(image), detector(), "x.tar.gz")) == ["x.tar/2/layer.tar/opt/x/.hidden/run"]


def test_the_files_in_the_packed_layers_of_an_oci_layout_are_found() -> None:
    for packed in (gzip.compress(LAYER), zstd.compress(LAYER), LAYER):
        name, layer = blob(packed)
        image = make_tar([("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), (name, layer), ("index.json", b"{}")])
        (place,) = found(check(image, detector()))
        assert place.startswith(name)
        assert place.endswith("opt/x/.hidden/run")


def test_a_layer_alone_as_a_store_keeps_it_is_opened() -> None:
    assert found(check(gzip.compress(LAYER), detector(), "blob")) == ["blob/opt/x/.hidden/run"]
