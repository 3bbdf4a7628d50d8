"""From which address the record says somebody came."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from dashboard.auth.header import find_client_address

PROXIES = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "<script>", "127.0.0.1"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("127.0.0.1", "fe80::1%<script>", "fe80::1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_last_hop_that_is_no_proxy(peer: str, forwarded: str, address: str) -> None:
    assert find_client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, PROXIES) == address
