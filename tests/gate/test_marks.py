"""Which file systems are marked, for each reach of a place: worked out only, nothing here is marked."""

import pytest

from garrison.gate.marks import _devices
from garrison.linux.mounted import Mount, Mounts
from garrison.wire.guarding import Place, Reach

MOUNTS = Mounts([
    Mount(1, "8:1", "/", "/", "ext4"),
    Mount(2, "0:4", "/", "/proc", "proc"),
    Mount(3, "8:2", "/", "/srv", "xfs"),
    Mount(4, "0:9", "/", "/srv/net", "nfs4"),
    Mount(5, "8:3", "/", "/srv/disk", "btrfs"),
    Mount(6, "0:7", "/", "/vault", "fuse.gocryptfs"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("place", "devices"),
    [
        (Place(Reach.EVERYTHING, "/"), {"8:1", "8:2", "8:3"}),
        (Place(Reach.MOUNT, "/srv/deep"), {"8:2"}),
        (Place(Reach.MOUNT, "/vault"), {"0:7"}),  # named, so it is wished
        (Place(Reach.FOLDER, "/srv"), {"8:2", "8:3"}),
        (Place(Reach.FOLDER, "/srv/disk/x"), {"8:3"}),
    ],
)
def test_a_place_reaches_as_far_as_it_says(place: Place, devices: set[str]) -> None:
    assert set(_devices([place], MOUNTS)) == devices


def test_places_add_up() -> None:
    places = [Place(Reach.MOUNT, "/srv"), Place(Reach.FOLDER, "/srv/disk")]
    assert set(_devices(places, MOUNTS)) == {"8:2", "8:3"}
