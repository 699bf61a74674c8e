"""Servers on loopback that a test scripts: what a module talks to, well-behaved or not.

with HttpPeer(HttpReply("bonjour"), HttpReply(status=503)) as peer:
    ...  # peer.url is for the module, peer.requests is what it asked
"""

from .fastcgi import FastcgiAsked, FastcgiPeer, FastcgiReply
from .http import HttpAsked, HttpPeer, HttpReply
from .peer import Peer
from .replies import RawReply, Reply, Then
from .socket import SocketAsked, SocketPeer
from .tls import Certificate, self_signed
from .websocket import WebSocketAsked, WebSocketPeer, WebSocketReply

__all__ = [
    "Certificate",
    "FastcgiAsked",
    "FastcgiPeer",
    "FastcgiReply",
    "HttpAsked",
    "HttpPeer",
    "HttpReply",
    "Peer",
    "RawReply",
    "Reply",
    "SocketAsked",
    "SocketPeer",
    "Then",
    "WebSocketAsked",
    "WebSocketPeer",
    "WebSocketReply",
    "self_signed",
]
