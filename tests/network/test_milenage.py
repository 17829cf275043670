"""The test equipment itself, against the published test set 1 of 3GPP TS 35.208."""

from tests.network.milenage import f2


def test_f2_gives_the_response_of_the_published_test_set() -> None:
    k = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
    opc = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
    rand = bytes.fromhex("23553cbe9637a89d218ae64dae47bf35")
    assert f2(k, opc, rand).hex() == "a54211d5e3ba50bf"
