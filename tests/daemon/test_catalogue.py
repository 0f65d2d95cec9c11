from garrison.daemon.catalogue import COMPONENTS, manifests
from garrison.wire.golden import golden
from garrison.wire.manifest import SUITE


def test_the_suite_comes_first_and_every_id_is_its_own() -> None:
    ids = [manifest.id for manifest in manifests()]
    assert ids[0] == SUITE
    assert len(set(ids)) == len(ids) == len(COMPONENTS) + 1


def test_the_golden_file_knows_the_same_components() -> None:
    assert [manifest.id for manifest in golden()] == [manifest.id for manifest in manifests()]
