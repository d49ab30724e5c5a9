"""HTTP and secrets of a mesh in memory."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import Denied, Invalid, NotFound, Unavailable
from ..host import OutboundRequest, OutboundResponse
from .state import Sent, State


class OutsideCalls:
    """What leaves the mesh, and what may not."""

    state: State

    def secret_read(self, name: str) -> str:
        self.state.permit("bot.state")
        if self._hosts_of(name):
            raise Denied("policy", f"`{name}` is only sent, to its hosts")
        return self._secret(name)

    def fetch(self, request: OutboundRequest) -> OutboundResponse:
        self.state.permit("bot.network")
        host = _host(request.url)
        self._check_egress(host)
        headers = {name.lower(): value for name, value in request.headers}
        for header in request.secrets:
            hosts = self._hosts_of(header.secret)
            if hosts and not _is_among(host, hosts):
                raise Denied("grant", f"`{header.secret}` is not sent to {host}")
            headers[header.name.lower()] = header.prefix + self._secret(header.secret)
        self.state.sent.append(Sent(request.method, request.url, headers, request.body))
        if request.url not in self.state.answers:
            raise Unavailable(f"nobody answers at {request.url}; `TestMesh.answer` says what is there")
        return self.state.answers[request.url]

    def _check_egress(self, host: str) -> None:
        manifest = self.state.manifest
        if manifest is not None and not _is_among(host, manifest.egress):
            raise Denied("grant", f"the manifest does not name {host} under `egress`")

    def _hosts_of(self, secret: str) -> tuple[str, ...]:
        manifest = self.state.manifest
        if manifest is None:
            return ()
        if secret not in manifest.secrets:
            raise Denied("grant", f"the manifest does not name the secret `{secret}`")
        return manifest.secrets[secret]

    def _secret(self, name: str) -> str:
        if name not in self.state.secrets:
            raise NotFound(name)
        return self.state.secrets[name]


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Invalid(f"`{url}` is no address: it begins with https://")
    return parts.hostname


def _is_among(host: str, patterns: tuple[str, ...]) -> bool:
    return any(
        host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern.lower() for pattern in patterns
    )
