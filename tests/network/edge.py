"""A video edge: a real nginx that asks the IPTV middleware before it gives a playlist away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.network.daemons import HOST, free_port, needed, running

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nsegment-1.ts\n"

# The arguments of a request are not those of the request that asks, so they are set aside first.
CONFIGURATION = """\
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen {host}:{port};
    location ~ ^/live/(?<package>[a-z0-9-]+)/ {{
      set $box $arg_mac;
      set $wanted $package;
      auth_request /_entitled;
      root {folder}/www;
    }}
    location = /_entitled {{
      internal;
      proxy_pass {middleware}/entitled;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-STB-MAC $box;
      proxy_set_header X-Package $wanted;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Edge:
    port: int

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://{HOST}:{self.port}/", trust_env=False).status_code < 500
        except httpx.TransportError:
            return False

    def watch(self, mac: str, package: str) -> int:
        """The status with which a set-top box gets the package's playlist; 200 comes with the playlist."""
        url = f"http://{HOST}:{self.port}/live/{package}/index.m3u8?mac={mac}"
        answer = httpx.get(url, trust_env=False)
        assert (answer.text == PLAYLIST) == (answer.status_code == 200)
        return answer.status_code


@contextmanager
def video_edge(middleware: str, packages: tuple[str, ...]) -> Iterator[Edge]:
    [nginx] = needed("nginx")
    with tempfile.TemporaryDirectory(prefix="edge-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # its worker runs as somebody else
        for package in packages:
            where = folder / "www" / "live" / package
            where.mkdir(parents=True)
            (where / "index.m3u8").write_text(PLAYLIST)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=folder, host=HOST, port=port, middleware=middleware)
        )
        command = [nginx, "-c", str(configuration), "-e", str(folder / "error.log")]
        edge = Edge(port)
        with running(command, folder, edge.answers):
            yield edge
