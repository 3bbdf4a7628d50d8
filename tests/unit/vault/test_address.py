from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.vault import filter_media_link, parse_base_url

HOSTS = ("https://media.ofauth.com", "http://127.0.0.1:8901")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://api.ofauth.com", "https://api.ofauth.com"),
        ("https://api.ofauth.com/", "https://api.ofauth.com"),
        ("HTTPS://API.ofauth.com:8443/A/b_c//", "https://api.ofauth.com:8443/A/b_c"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1:8000/x"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_base_address_that_can_be_used(text: str, address: str) -> None:
    assert parse_base_url(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.ofauth.com",
        "//api.ofauth.com",
        "ftp://api.ofauth.com",
        "http://api.ofauth.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0",
        "https://",
        "https:///path",
        "https://user@api.ofauth.com",
        "https://user:canary@api.ofauth.com",
        "https://@api.ofauth.com",
        "https://api.ofauth.com?x=canary",
        "https://api.ofauth.com?",
        "https://api.ofauth.com/#",
        "https://api.ofauth.com#canary",
        "https://api.ofauth.com/a/../b",
        "https://api.ofauth.com/./b",
        "https://api.ofauth.com/a//b",
        "https://api.ofauth.com/%2e%2e",
        "https://api.ofauth.com\\@canary.example.com",
        "https://api.ofauth.com:0",
        "https://api.ofauth.com:65536",
        "https://api.ofauth.com:port",
        "https://api.ofauth.com:",
        "https://api.ofauth.com /",
        " https://api.ofauth.com",
        "https://api.ofauth.com\n",
        "https://äpi.ofauth.com",
        "https://[::1",
    ],
)
def test_base_address_that_cannot_be_used_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The .*\.$") as caught:
        parse_base_url(text)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://media.ofauth.com/v2/example-signed-media-url",
        "https://media.ofauth.com/v2/a?token=a%2Fb&x=(1)!*'$~;=+,@:#t=5",
        "https://media.ofauth.com:443/v2/x",
        "https://MEDIA.ofauth.com/x",
        "https://media.ofauth.com",
        "http://127.0.0.1:8901/media/x",
    ],
)
def test_link_to_an_allowed_origin_is_given_as_it_came(url: str) -> None:
    assert filter_media_link(url, HOSTS) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//media.ofauth.com/x",
        "/x",
        "media.ofauth.com/x",
        "http://media.ofauth.com/x",
        "https://127.0.0.1:8901/x",
        "http://127.0.0.1/x",
        "http://127.0.0.1:89010/x",
        "ftp://media.ofauth.com/x",
        "https://media.ofauth.com:8443/x",
        "https://media.ofauth.com./x",
        "https://media.ofauth.com.evil.example/x",
        "https://evil.example/media.ofauth.com",
        "https://evil.example/?https://media.ofauth.com/",
        "https://xmedia.ofauth.com/x",
        "https://x.media.ofauth.com/x",
        "https://user@media.ofauth.com/x",
        "https://media.ofauth.com@evil.example/x",
        "https://media.ofauth.com:x@evil.example/x",
        "https://media.ofauth.com\\@evil.example/x",
        "https://evil.example\\.media.ofauth.com/x",
        "https:\\\\media.ofauth.com/x",
        "https:/media.ofauth.com/x",
        "https:///media.ofauth.com/x",
        "https://media.ofauth.com%2eevil.example/x",
        "https://media.ofauth.com/x\n",
        "https://media.ofauth.com/x\nSet-Cookie: a",
        "java\nscript:alert(1)",
        "\nhttps://media.ofauth.com/x",
        " https://media.ofauth.com/x",
        "https://media.ofauth.com/ x",
        "https://media.ofauth.com/x\x00",
        "https://media.ofauth.com/\u202egpj",
        'https://media.ofauth.com/"onload=',
        "https://media.ofauth.com/<script>",
        "https://m\u0435dia.ofauth.com/x",
        "https://xn--mdia-i6d.ofauth.com/x",
        "https://media.ofauth\uff0ecom/x",
        "https://[::1]/x",
    ],
)
def test_any_other_link_is_none(url: str) -> None:
    assert filter_media_link(url, HOSTS) is None


def test_nothing_is_allowed_by_an_empty_or_senseless_list() -> None:
    for hosts in ((), ("",), ("media.ofauth.com",), ("https://",), ("http://media.ofauth.com",), ("*",)):
        for url in ("https://media.ofauth.com/x", "http://media.ofauth.com/x"):
            assert filter_media_link(url, hosts) is None


PIECES = ["https:", "http:", "javascript:", "//", "/", "\\", "@", ":", "?", "#", ".", "\n", "\t", " ", "%2e"]
PIECES += ["443", "8901", "media.ofauth.com", "127.0.0.1", "evil.example", "xn--", "\u0435", "[::1]", "x"]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=10).map("".join)))
def test_link_that_is_given_leads_to_an_allowed_origin_as_other_parsers_read_it(url: str) -> None:
    link = filter_media_link(url, HOSTS)
    if link is None:
        return
    assert link == url
    parts = urlsplit(link)
    assert (parts.username, parts.password) == (None, None)
    origin = (parts.scheme, parts.hostname, parts.port or 443)
    assert origin in {("https", "media.ofauth.com", 443), ("http", "127.0.0.1", 8901)}
    assert link.isascii()
    assert link.isprintable()
    assert not set(link) & set("\\\"'<>` ") - {"'"}


@given(st.from_regex(r"/[A-Za-z0-9._~!$&()*+,;=:@%/?-]{0,80}", fullmatch=True))
def test_any_path_of_the_media_host_is_a_link(path: str) -> None:
    assert filter_media_link("https://media.ofauth.com" + path, HOSTS) is not None
