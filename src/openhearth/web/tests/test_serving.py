import gzip

import pytest

from openhearth.web.assets import PREFIX, assets, static


@pytest.mark.parametrize("name", sorted(assets()))
def test_each_file_is_served_for_ever_under_its_content(client, name):
    response = client.get(static(name), headers={"accept-encoding": "br, gzip"})
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    packed = response.get("Content-Encoding") == "gzip"
    assert (gzip.decompress(response.content) if packed else response.content) == assets()[name].data
    assert client.get(static(name)).content == assets()[name].data


def test_known_content_is_not_sent_again(client):
    etag = client.get(static("hearth.css"))["ETag"]
    again = client.get(static("hearth.css"), headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["hearth.css", "hearth.000000000000.css", "icons.LICENSE", "..%2Fpages.py"])
def test_nothing_else_is_served(client, name):
    assert client.get(PREFIX + name).status_code == 404


def test_files_are_only_read(client):
    assert client.post(static("hearth.css")).status_code == 405


def test_icon_that_browsers_ask_for(client):
    response = client.get("/favicon.ico")
    assert response["Content-Type"] == "image/svg+xml"
    assert "immutable" not in response["Cache-Control"]
