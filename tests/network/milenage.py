"""What a SIM card computes: the response to a challenge, by Milenage (3GPP TS 35.206)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def f2(k: bytes, opc: bytes, rand: bytes) -> bytes:
    """RES. Equal to the vector's only where the network has this card's K and OPc."""
    temp = _encrypt(k, _xor(rand, opc))
    out = _xor(_encrypt(k, _xor(_xor(temp, opc), bytes(15) + b"\1")), opc)
    return out[8:]


def _encrypt(k: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(k), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
