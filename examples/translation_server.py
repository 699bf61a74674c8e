"""A toy translation service for the translator module.

    python examples/translation_server.py --port 8765

POST /translate?to=es with the text as the body. The answer is "ok", a newline and the translation,
or "no", a newline and a reason. It knows a few words; the others stay as they are.
"""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DICTIONARY = {
    "de": {"hello": "hallo", "friend": "Freund", "good": "guten", "morning": "Morgen"},
    "es": {"hello": "hola", "friend": "amigo", "good": "buenos", "morning": "días"},
    "fr": {"hello": "bonjour", "friend": "ami", "good": "bon", "morning": "matin"},
}
MOST_BYTES = 64 * 1024


def translate(text: str, language: str) -> str:
    """Word by word. Raises KeyError for a language that is not in the dictionary."""
    words = DICTIONARY[language]
    return " ".join(words.get(word.lower(), word) for word in text.split(" "))


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        language = parse_qs(parts.query).get("to", [""])[0]
        size = int(self.headers.get("Content-Length", 0))
        if parts.path != "/translate" or size > MOST_BYTES:
            self.answer(404, "no\nPOST at most 64 KiB to /translate?to=LANGUAGE")
            return
        text = self.rfile.read(size).decode("utf-8", "replace")
        try:
            self.answer(200, f"ok\n{translate(text, language)}")
        except KeyError:
            self.answer(404, f"no\nunknown language: {language}")

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="A toy translation service.")
    parser.add_argument("--port", type=int, default=8765, help="0: any free one")
    with ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/translate", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("bye")


if __name__ == "__main__":
    main()
