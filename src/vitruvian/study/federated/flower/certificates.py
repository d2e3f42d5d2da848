"""The coordinator's TLS certificate, and the authority that sites trust for it."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from vitruvian.core import InputError
from vitruvian.study.federated.keys import write_private

DAYS = 365


def make_certificates(folder: Path, host: str) -> None:
    """ca.pem (for the sites), server.pem and server.key (for the coordinator), valid for a year and `host` alone.

    The authority's own key is not kept. Raises InputError where one of the files is there.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in ("ca.pem", "server.pem", "server.key") if (folder / name).exists()]
    if there:
        raise InputError("certificates are not written over", got=", ".join(there))
    authority, server = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vitruvian federated training")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)

    def begun(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        return builder.not_valid_after(now + datetime.timedelta(days=DAYS))

    keyid = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    root = begun(issuer, authority).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(keyid, critical=False).add_extension(_usage(signs=True), critical=True)
    leaf = begun(subject, server).add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(keyid), critical=False)
    leaf = leaf.add_extension(_usage(signs=False), critical=True)
    for name, content in (
        ("ca.pem", _pem(root.sign(authority, hashes.SHA384()))),
        ("server.pem", _pem(leaf.sign(authority, hashes.SHA384()))),
        ("server.key", _secret_pem(server)),
    ):
        write_private(folder / name, content)


def _host(host: str):  # type: ignore[no-untyped-def]
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs: bool):  # type: ignore[no-untyped-def]
    from cryptography import x509

    none = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **none)


def _pem(certificate) -> bytes:  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _secret_pem(key) -> bytes:  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
